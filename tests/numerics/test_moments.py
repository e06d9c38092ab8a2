"""Mean and scatter in pieces against numpy's on the whole."""

from __future__ import annotations

import numpy as np
import pytest

from lmgeo.numerics.moments import mean_and_scatter, merge_moments, pool_moments, row_chunks


@pytest.mark.parametrize(("n", "d"), [(0, 3), (1, 3), (10, 1), (1000, 7), (3, 5_000_000)])
def test_chunks_cover_all_rows_once(n: int, d: int) -> None:
    parts = list(row_chunks(n, d))
    assert [i for part in parts for i in range(part.start, part.stop)] == list(range(n))


@pytest.mark.parametrize("chunk", [4, 100, 10_000])
@pytest.mark.parametrize(("shift", "tolerance"), [(0.0, 1e-12), (1e6, 1e-8), (-1e9, 1e-5)])
def test_against_numpy(chunk: int, shift: float, tolerance: float, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("lmgeo.numerics.moments._CHUNK_VALUES", chunk)
    X = np.random.default_rng(0).integers(-100, 100, size=(200, 4)) / 64  # exact under the shift
    mean, scatter = mean_and_scatter(X + shift)
    np.testing.assert_allclose(mean - shift, X.mean(axis=0), atol=1e-15 * max(1, abs(shift)) * 8)
    np.testing.assert_allclose(scatter, np.cov(X.T) * 199, rtol=tolerance, atol=100 * tolerance)


def test_no_rows() -> None:
    mean, scatter = mean_and_scatter(np.zeros((0, 3)))
    assert not mean.any()
    assert not scatter.any()


def test_equal_rows_have_exactly_no_scatter(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("lmgeo.numerics.moments._CHUNK_VALUES", 12)
    row = np.random.default_rng(1).normal(size=4)
    mean, scatter = mean_and_scatter(np.tile(row, (101, 1)))
    np.testing.assert_array_equal(mean, row)
    assert not scatter.any()


def test_merging_returns_copies() -> None:
    mean, scatter = np.ones(2), np.eye(2)
    none = (0, np.zeros(2), np.zeros((2, 2)))
    for found in (merge_moments(*none, 1, mean, scatter), merge_moments(1, mean, scatter, *none)):
        assert not np.shares_memory(found[0], mean)
        assert not np.shares_memory(found[1], scatter)


@pytest.mark.parametrize("shift", [0.0, 1e6])
def test_many_together_are_as_one_pass(shift: float) -> None:
    X = np.random.default_rng(2).integers(-100, 100, size=(200, 4)) / 64 + np.array([0.0, 5.0, 0.0, 0.0]) + shift
    X[:, 3] = shift + 0.1
    parts = [X[:3], X[3:90], X[90:]]
    means, scatters = map(np.stack, zip(*map(mean_and_scatter, parts), strict=True))
    mean, scatter = pool_moments(np.array([len(part) for part in parts]), means, scatters)
    whole = mean_and_scatter(X)
    np.testing.assert_allclose(mean, whole[0], rtol=1e-14, atol=1e-14)
    np.testing.assert_allclose(scatter, whole[1], rtol=1e-10, atol=1e-10 * whole[1].max())
    assert scatter[3, 3] == 0.0


def test_no_clouds_together() -> None:
    mean, scatter = pool_moments(np.zeros(0, np.int64), np.zeros((0, 3)), np.zeros((0, 3, 3)))
    assert (mean.shape, scatter.shape) == ((3,), (3, 3))
    assert not scatter.any()
