"""Rows, quantizers and what they promise: order, padding, threads, silence."""

from __future__ import annotations

import numpy as np
import pytest

from lmgeo.core.spec.protocol import QuantizerProtocol
from lmgeo.numerics.quantizers.local_search import local_search_quantization
from lmgeo.numerics.quantizers.product import product_quantization
from lmgeo.numerics.quantizers.rows import QuantizerRows, canonical_order

SMALL = QuantizerProtocol(name="small", codebooks=2, bits=4, seeds=1, threads=1, lsq_iterations=3)
BOTH = [product_quantization, local_search_quantization]


def cloud(n: int = 300, d: int = 10, seed: int = 0) -> np.ndarray:
    rng = np.random.default_rng(seed)
    return rng.gamma(2.0, size=(n, d)) @ rng.normal(size=(d, d)) - 3


def test_canonical_order_does_not_depend_on_how_rows_came() -> None:
    X = np.vstack([cloud(), cloud()[:50]])
    shuffled = X[np.random.default_rng(1).permutation(len(X))]
    np.testing.assert_array_equal(X[canonical_order(X, 3)], shuffled[canonical_order(shuffled, 3)])
    assert (canonical_order(X, 3) != canonical_order(X, 4)).any()


def test_canonical_order_sorts_by_value_then_permutes() -> None:
    X = np.round(cloud(200, 3))  # many ties in the first column
    X[::7] *= -0.0
    by_value = np.lexsort(X.T[::-1])
    back = np.empty(len(X), int)
    back[:] = canonical_order(X, 5)[np.argsort(canonical_permutation(len(X), 5))]
    np.testing.assert_array_equal(X[back] + 0.0, X[by_value] + 0.0)


def canonical_permutation(n: int, seed: int) -> np.ndarray:
    from lmgeo.core.seeds import numpy_stream

    return numpy_stream(seed, "row_order").permutation(n)


@pytest.mark.parametrize("change", [lambda X: X + 5, lambda X: X * 3, lambda X: X.astype(np.float32)])
def test_canonical_order_survives_shift_scale_and_type(change: object) -> None:
    X = cloud().astype(np.float32).astype(np.float64)
    np.testing.assert_array_equal(canonical_order(X, 1), canonical_order(change(X), 1))  # type: ignore[operator]


def test_rows_are_centred_in_double_precision_and_scaled_exactly() -> None:
    X = cloud() * 1e-3 + 1e5
    rows = QuantizerRows.of(X, SMALL, 0).values.astype(np.float64)
    expected = (X - X.mean(0))[canonical_order(X, 0)]
    np.testing.assert_allclose(rows / rows.std(), expected / expected.std(), rtol=1e-4, atol=1e-6)
    assert rows.dtype == np.float64
    assert np.log2(np.abs(expected).max() / np.abs(rows).max()) == pytest.approx(17, abs=1e-6)


def test_rows_whose_sums_leave_float64_are_those_of_the_smaller_cloud() -> None:
    X = cloud(3_000, 4) / 64  # most of them between -1 and 1
    X /= np.abs(X).max() * 1.01
    huge = QuantizerRows.of(np.ldexp(X, 1024), SMALL, 0)
    assert (huge.values == QuantizerRows.of(X, SMALL, 0).values).all()


def test_rows_as_they_come() -> None:
    X = cloud().astype(np.float32)
    rows = QuantizerRows.of(X, SMALL.model_copy(update={"order": "input", "centred": False}), 0)
    np.testing.assert_array_equal(rows.values * 2.0 ** np.frexp(np.abs(X).max())[1], X)
    assert rows.sum_of_squares_centred == pytest.approx(((rows.values - rows.values.mean(0)) ** 2).sum(), rel=1e-5)


def test_ids_tell_distinct_rows() -> None:
    X = np.round(cloud(200, 2) / 3)
    rows = QuantizerRows.of(X, SMALL, 0)
    reference = np.unique(rows.values, axis=0, return_inverse=True)[1].ravel()
    pairs = set(zip(rows.ids.tolist(), reference.tolist(), strict=True))
    assert len(pairs) == len(set(rows.ids.tolist())) == reference.max() + 1


@pytest.mark.parametrize("quantizer", BOTH)
def test_codes_decode_to_near_rows(quantizer: object) -> None:
    rows = QuantizerRows.of(cloud(), SMALL, 0)
    q = quantizer(rows, SMALL, 1)  # type: ignore[operator]
    assert (q.n, q.d, q.cells) == (300, 10, 16)
    decoded = sum(book[codes] for book, codes in zip(q.codebooks, q.codes.T, strict=True))
    np.testing.assert_allclose(q.errors, np.linalg.norm(rows.values - decoded, axis=1), rtol=1e-4)
    assert (q.errors**2).sum() < 0.5 * rows.sum_of_squares
    np.testing.assert_array_equal(q.counts.sum(axis=1), [300, 300])


def test_product_cells_are_nearest_centroids_of_their_coordinates() -> None:
    rows = QuantizerRows.of(cloud(), SMALL, 0)
    q = product_quantization(rows, SMALL, 1)
    for m, part in enumerate((slice(0, 5), slice(5, 10))):
        distances = ((rows.values[:, None, part] - q.codebooks[m, None, :, part]) ** 2).sum(-1)
        np.testing.assert_array_equal(q.codes[:, m], distances.argmin(1))


def test_a_width_that_does_not_divide_is_padded() -> None:
    q = product_quantization(QuantizerRows.of(cloud(d=7), SMALL, 0), SMALL, 1)
    assert q.details["padded"] == 1
    assert q.codebooks.shape == (2, 16, 7)
    assert product_quantization(QuantizerRows.of(cloud(), SMALL, 0), SMALL, 1).details["padded"] == 0


@pytest.mark.parametrize("rows_asked", [None, 300, 64])
def test_product_training_rows(rows_asked: int | None) -> None:
    few = SMALL.model_copy(update={"pq_train_rows": rows_asked})
    q = product_quantization(QuantizerRows.of(cloud(), few, 0), few, 1)
    assert q.details["n_train"] == {None: 300, 300: 288, 64: 64}[rows_asked]


def test_local_search_trains_on_the_first_rows() -> None:
    few = SMALL.model_copy(update={"lsq_train_rows": 100})
    rows = QuantizerRows.of(cloud(), few, 0)
    q = local_search_quantization(rows, few, 1)
    assert q.details["n_train"] == 100
    alone = local_search_quantization(QuantizerRows(rows.values[:100]), SMALL, 1)
    np.testing.assert_array_equal(q.codebooks, alone.codebooks)


@pytest.mark.parametrize("bits", [3, 5])
@pytest.mark.parametrize("quantizer", BOTH)
def test_bits_that_do_not_fill_bytes(quantizer: object, bits: int) -> None:
    odd = SMALL.model_copy(update={"bits": bits, "codebooks": 3})
    q = quantizer(QuantizerRows.of(cloud(d=9), odd, 0), odd, 1)  # type: ignore[operator]
    assert q.codes.max() == 2**bits - 1
    assert (q.errors**2).sum() < 0.6 * q.rows.sum_of_squares


@pytest.mark.parametrize("quantizer", BOTH)
def test_few_rows_are_quantized_in_silence(quantizer: object, capfd: pytest.CaptureFixture[str]) -> None:
    quantizer(QuantizerRows.of(cloud(20), SMALL, 0), SMALL, None)  # type: ignore[operator]
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("quantizer", BOTH)
def test_threads_are_put_back(quantizer: object) -> None:
    import faiss

    before = faiss.omp_get_max_threads()
    quantizer(QuantizerRows.of(cloud(40), SMALL, 0), SMALL.model_copy(update={"threads": before + 1}), 1)  # type: ignore[operator]
    assert faiss.omp_get_max_threads() == before
