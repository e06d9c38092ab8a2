"""The residual quantizer: what FAISS does with its settings, told by plain recomputation."""

from __future__ import annotations

import numpy as np
import pytest

from lmgeo.core.spec.protocol import QuantizerProtocol
from lmgeo.numerics.quantizers.residual import residual_quantization
from lmgeo.numerics.quantizers.rows import QuantizerRows

SMALL = QuantizerProtocol(name="small", codebooks=3, bits=4, seeds=1, threads=1)


def cloud(n: int = 400, d: int = 10, seed: int = 0) -> np.ndarray:
    rng = np.random.default_rng(seed)
    return rng.gamma(2.0, size=(n, d)) @ rng.normal(size=(d, d)) - 3


def quantize(X: np.ndarray, seed: int | None = 1, **changes: object):
    setting = SMALL.model_copy(update=changes)
    return residual_quantization(QuantizerRows.of(X, setting, 0), setting, seed)


def test_without_a_beam_each_code_is_the_nearest_to_what_is_left() -> None:
    q = quantize(cloud(), rq_beam=1)
    left = q.rows.values.astype(np.float64)
    for codebook, codes in zip(q.codebooks.astype(np.float64), q.codes.T, strict=True):
        distances = ((left[:, None] - codebook) ** 2).sum(axis=2)
        chosen = distances[np.arange(len(left)), codes]
        np.testing.assert_allclose(chosen, distances.min(axis=1), rtol=1e-4, atol=1e-6)
        left -= codebook[codes]
    np.testing.assert_allclose(np.linalg.norm(left, axis=1), q.errors, rtol=1e-6)


def test_the_first_centroids_are_means_of_their_rows() -> None:
    q = quantize(cloud(), codebooks=1, rq_iterations=200)
    values = q.rows.values.astype(np.float64)
    means = np.stack([values[q.codes[:, 0] == k].mean(axis=0) for k in range(q.cells)])
    np.testing.assert_allclose(q.codebooks[0], means, atol=1e-3)


def test_more_codebooks_decode_better() -> None:
    errors = [float((quantize(cloud(), codebooks=M).errors ** 2).sum()) for M in (1, 2, 4)]
    assert errors == sorted(errors, reverse=True)


@pytest.mark.parametrize("change", [{"rq_train_rows": 100}, {"rq_beam": 2}, {"rq_steps": 1}, {"rq_iterations": 1}])
def test_each_setting_moves_it(change: dict[str, int]) -> None:
    assert (quantize(cloud(), **change).codes != quantize(cloud()).codes).any()


def test_seeds_threads_and_training_rows() -> None:
    first, again = quantize(cloud()), quantize(cloud())
    np.testing.assert_array_equal(first.codes, again.codes)
    np.testing.assert_array_equal(first.codebooks, again.codebooks)
    assert (quantize(cloud(), 2).codes != first.codes).any()
    np.testing.assert_array_equal(quantize(cloud(), None).codes, quantize(cloud(), 1234).codes)
    np.testing.assert_array_equal(quantize(cloud(), threads=2).codes, first.codes)
    assert first.details["n_train"] == 400
    assert quantize(cloud(), rq_train_rows=150).details["n_train"] == 150
    assert quantize(cloud(), rq_train_rows=None).details["n_train"] == 400


@pytest.mark.parametrize("bits", [1, 3, 5])
def test_bits_that_do_not_fill_bytes(bits: int) -> None:
    q = quantize(cloud(), bits=bits)
    assert q.codes.min() >= 0
    assert q.codes.max() < 2**bits
    assert q.errors.mean() < np.linalg.norm(q.rows.values, axis=1).mean()


def test_as_many_rows_as_cells_and_silence(capfd: pytest.CaptureFixture[str]) -> None:
    q = quantize(cloud(16), 2**62)
    assert q.counts.sum(axis=1).tolist() == [16, 16, 16]
    assert q.counts[0].tolist() == [1] * 16
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("n", [20, 29, 30, 31])
def test_fewer_training_rows_than_columns_have_no_axes_to_start_on(n: int) -> None:
    X = cloud(n, 30)
    q = quantize(X)
    assert ("without_axes" in q.details) == (n < 30)
    assert (q.errors**2).sum() < ((X - X.mean(axis=0)) ** 2).sum() / 2
    few = quantize(cloud(200, 30), rq_train_rows=n)
    assert ("without_axes" in few.details) == (n < 30)
