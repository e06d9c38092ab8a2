"""Our own product quantizer against FAISS's, and against a plain search for the nearest centroid."""

from __future__ import annotations

import numpy as np
import pytest

from lmgeo.core.spec.protocol import QuantizerProtocol
from lmgeo.numerics.quantizers.product import product_quantization
from lmgeo.numerics.quantizers.product_own import NumbaSide
from lmgeo.numerics.quantizers.product_torch import TorchSide
from lmgeo.numerics.quantizers.rows import QuantizerRows

SMALL = QuantizerProtocol(name="small", codebooks=3, bits=4, threads=2, pq_train_rows=500)
RNG = np.random.default_rng(0)
ROWS = RNG.gamma(2.0, size=(900, 12)) @ RNG.normal(size=(12, 12))


def quantized(X: np.ndarray, backend: str, seed: int | None = 1, **settings: object):  # type: ignore[no-untyped-def]
    protocol = SMALL.model_copy(update={"backend": backend, **settings})
    return product_quantization(QuantizerRows.of(X, protocol, 0), protocol, seed)


@pytest.mark.parametrize("backend", ["numba", "torch"])
@pytest.mark.parametrize("train_rows", [500, None])
def test_the_same_as_faiss(backend: str, train_rows: int | None) -> None:
    theirs = quantized(ROWS, "faiss", pq_train_rows=train_rows)
    ours = quantized(ROWS, backend, pq_train_rows=train_rows)
    assert (ours.codes == theirs.codes).mean() > 0.995  # rounding decides between neighbouring cells
    np.testing.assert_allclose((ours.errors**2).sum(), (theirs.errors**2).sum(), rtol=1e-3)
    assert ours.details["n_train"] == theirs.details["n_train"]
    assert ours.details["backend"] == backend


@pytest.mark.parametrize("backend", ["numba", "torch"])
def test_empty_cells_are_split_as_by_faiss(backend: str) -> None:
    few = np.repeat(RNG.normal(size=(20, 12)), 40, axis=0)  # cells start on equal rows, so some are empty
    few += 1e-3 * RNG.normal(size=few.shape)
    theirs, ours = quantized(few, "faiss"), quantized(few, backend)
    np.testing.assert_allclose((ours.errors**2).sum(), (theirs.errors**2).sum(), rtol=0.02)
    assert np.isfinite(ours.codebooks).all()
    assert (ours.counts > 0).sum() >= (theirs.counts > 0).sum() - 2


@pytest.mark.parametrize("side", [NumbaSide, lambda rows: TorchSide(rows, "cpu")])
def test_nearest_and_sums_against_plain_ones(side: type) -> None:
    rows = RNG.normal(size=(3_000, 5)).astype(np.float32)
    centroids = RNG.normal(size=(17, 5)).astype(np.float32)
    there = side(rows)
    codes = there.nearest(centroids)
    squares = ((rows[:, None] - centroids) ** 2).sum(axis=2)
    np.testing.assert_array_equal(codes, squares.argmin(axis=1))
    plain = np.stack([rows[codes == k].astype(np.float64).sum(axis=0) for k in range(20)])
    np.testing.assert_allclose(there.sums(codes, 20), plain, atol=1e-12)
    np.testing.assert_array_equal(there.rows(np.array([5, 2])), rows[[5, 2]])


def test_a_far_mean_costs_no_digits() -> None:
    near = quantized(ROWS, "numba", centred=False)
    far = quantized(ROWS + 64.0 * np.arange(12), "numba", centred=False)
    np.testing.assert_allclose((near.errors**2).sum(), (far.errors**2).sum() * _scale(ROWS), rtol=2e-3)


def _scale(X: np.ndarray) -> float:
    """Rows are scaled by a power of two before they are quantized; here by what the shift changed of it."""
    greatest = [np.frexp(max(c.max(), -c.min()))[1] for c in (X, X + 64.0 * np.arange(12))]
    return float(4.0 ** (greatest[1] - greatest[0]))


def test_threads_do_not_show() -> None:
    one, three = (quantized(ROWS, "numba", threads=count) for count in (1, 3))
    np.testing.assert_array_equal(one.codes, three.codes)
    np.testing.assert_array_equal(one.codebooks, three.codebooks)


def test_faiss_side_by_side_is_faiss_in_turn() -> None:
    import faiss

    plain = faiss.ProductQuantizer(12, 3, 4)
    plain.cp.seed, plain.cp.min_points_per_centroid, plain.cp.max_points_per_centroid = 1, 1, 500 // 16
    rows = QuantizerRows.of(ROWS, SMALL, 0)
    plain.train(rows.values)
    ours = quantized(ROWS, "faiss")
    blocks = faiss.vector_to_array(plain.centroids).reshape(3, 16, 4)
    np.testing.assert_array_equal(ours.codebooks[1, :, 4:8], blocks[1])
    codes = faiss.unpack_bitstrings(plain.compute_codes(rows.values), 3, 4)
    np.testing.assert_array_equal(ours.codes, codes)


def test_as_many_rows_as_cells_are_their_own_centroids() -> None:
    found = quantized(ROWS[:16], "numba")
    assert found.errors.max() < 1e-6
