"""Moments against numpy on the whole cloud, under shifts, and their spectra."""

from __future__ import annotations

import numpy as np
import pytest

from lmgeo.core.errors import NotEnoughData
from lmgeo.states.batch import RowBatch
from lmgeo.states.moments import Moments
from lmgeo.states.whole import Spectra


def moments(X: np.ndarray, pieces: int = 1, centred: bool = True) -> Moments:
    state = Moments.empty(X.shape[1], centred=centred)
    for part in np.array_split(X, pieces):
        state.update(RowBatch.of_cloud(part))
    return state


@pytest.mark.parametrize("pieces", [1, 7, 100])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_against_numpy(pieces: int, dtype: type) -> None:
    X = (np.random.default_rng(0).normal(size=(100, 6)) + 3).astype(dtype)
    state = moments(X, pieces)
    exact = X.astype(np.float64)
    np.testing.assert_allclose(state.mean, exact.mean(axis=0), rtol=1e-12)
    np.testing.assert_allclose(state.scatter, np.cov(exact.T) * 99, rtol=1e-10, atol=1e-12)
    assert state.scatter.dtype == np.float64


def test_constant_columns_have_no_scatter_at_all() -> None:
    X = np.random.default_rng(1).normal(size=(64, 5))
    X[:, [1, 3]] = [0.1, 1e6 / 3]
    state = moments(X, 9).merge(moments(X, 2))
    assert state.constant_columns == 2
    assert (state.scatter[[1, 3]] == 0).all()


def test_hidden_states_with_a_huge_mean() -> None:
    rng = np.random.default_rng(2)
    X = rng.normal(size=(2000, 8)).astype(np.float32)
    far = X.astype(np.float64)
    far[:, 3] += 1e6
    np.testing.assert_allclose(moments(far, 40).eigenvalues, moments(X, 40).eigenvalues, rtol=1e-9)


def test_spectrum_follows_the_setting() -> None:
    X = np.random.default_rng(3).normal(size=(50, 4)) + 2
    np.testing.assert_allclose(moments(X).spectrum, np.linalg.eigvalsh(np.cov(X.T))[::-1], rtol=1e-10)
    plain = moments(X, centred=False)
    np.testing.assert_allclose(plain.spectrum, np.linalg.svd(X, compute_uv=False) ** 2, rtol=1e-10)
    np.testing.assert_array_equal(plain.eigenvalues, moments(X).eigenvalues)


def test_spectra_are_renewed_by_an_update() -> None:
    rng = np.random.default_rng(4)
    state = moments(rng.normal(size=(50, 4)))
    before = state.eigenvalues, state.singular_values_uncentred
    state.update(RowBatch.of_cloud(rng.normal(size=(50, 4)) * 9))
    assert (state.eigenvalues > before[0]).all()
    assert (state.singular_values_uncentred > before[1]).all()


@pytest.mark.parametrize("n", [1, 2, 3])
def test_spectra_are_padded_to_d(n: int) -> None:
    X = np.random.default_rng(5).normal(size=(n, 6))
    state = moments(X)
    assert state.singular_values_uncentred.shape == (6,)
    assert np.count_nonzero(state.singular_values_uncentred) == n
    if n > 1:
        assert np.count_nonzero(state.eigenvalues) == n - 1


def test_overflow_is_said() -> None:
    with pytest.raises(NotEnoughData, match="overflow"):
        _ = moments(np.array([[1e200, 0.0], [-1e200, 1.0], [0.0, 2.0]])).eigenvalues
    with pytest.raises(NotEnoughData, match="overflow"):
        _ = moments(np.full((3, 2), 1e200), centred=False).spectrum


@pytest.mark.parametrize("scale", [1e-146, 1e-155, 1e-160, 1e-162])
def test_squares_that_lost_digits_are_said(scale: float) -> None:
    state = moments(np.random.default_rng(6).normal(size=(50, 4)) * scale)
    with pytest.raises(NotEnoughData, match="too small to be squared"):
        _ = state.eigenvalues
    with pytest.raises(NotEnoughData, match="too small to be squared"):
        _ = state.singular_values_uncentred


def test_spectra_alone_tell_no_mean_and_fail_alike_each_time() -> None:
    def overflow() -> np.ndarray:
        raise NotEnoughData("overflow", "scale the rows down")

    state = Moments.of_spectra(9, 3, Spectra(overflow, lambda: np.array([3.0, 2.0, 0.0]), 1), centred=True)
    assert (state.n, state.d, state.constant_columns) == (9, 3, 1)
    for _ in range(2):
        with pytest.raises(NotEnoughData, match="overflow"):
            _ = state.eigenvalues
    np.testing.assert_array_equal(state.singular_values_uncentred, [3, 2, 0])
    for read in (lambda: state.mean, lambda: state.scatter, lambda: state.axes):
        with pytest.raises(NotEnoughData, match="spectrum alone"):
            read()
    assert state.replicates() is None


def test_replicates_keep_rank_and_weight() -> None:
    X = np.random.default_rng(7).normal(size=(20, 50))
    found = moments(X).replicates()
    assert found is not None
    assert {state.n for state in found.states} == {20}
    for g, state in enumerate(found.states):
        rest = X[np.arange(20) % 8 != g]
        total = np.square(rest - rest.mean(axis=0)).sum() * 20 / len(rest)
        assert state.eigenvalues.sum() * 19 == pytest.approx(total)  # the trace is exact
        assert np.count_nonzero(state.eigenvalues) <= 19
