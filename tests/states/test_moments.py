"""Moments against numpy on the whole cloud, under shifts, and their spectra."""

from __future__ import annotations

import numpy as np
import pytest

from lmgeo.core.errors import NotEnoughData
from lmgeo.states.batch import RowBatch
from lmgeo.states.moments import Moments


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
