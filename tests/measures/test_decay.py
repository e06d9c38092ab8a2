"""Decay of spectra known in closed form, and against numpy's fit and scipy's entropy."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import entropy

from lmgeo.core.errors import NotEnoughData
from lmgeo.measures import decay
from lmgeo.states.batch import RowBatch
from lmgeo.states.moments import Moments


def moments(X: np.ndarray, centred: bool = True) -> Moments:
    state = Moments.empty(X.shape[1], centred=centred)
    state.update(RowBatch.of_cloud(X))
    return state


def with_spectrum(values: np.ndarray) -> np.ndarray:
    """A centred cloud whose covariance has eigenvalues proportional to `values`."""
    return np.vstack([np.diag(np.sqrt(values)), -np.diag(np.sqrt(values))])


@pytest.mark.parametrize("alpha", [0.0, 0.5, 1.0, 2.5])
def test_a_power_law_gives_its_exponent(alpha: float) -> None:
    valued = decay.alpha_req(moments(with_spectrum(np.arange(1, 31.0) ** -alpha)))
    assert valued.value == pytest.approx(alpha, abs=1e-9)
    assert valued.details["window"] == [1, 30]
    if alpha:
        assert valued.details["r_squared"] == pytest.approx(1.0)


def test_against_numpys_fit() -> None:
    X = np.random.default_rng(0).normal(size=(200, 15)) * np.geomspace(4, 0.1, 15)
    values = np.linalg.eigvalsh(np.cov(X.T))[::-1]
    x = np.log(np.arange(1, 16))
    slope, offset = np.polyfit(x, np.log(values), 1)
    valued = decay.alpha_req(moments(X))
    assert valued.value == pytest.approx(-slope, rel=1e-9)
    residual = np.log(values) - slope * x - offset
    assert valued.details["r_squared"] == pytest.approx(1 - residual.var() / np.log(values).var(), rel=1e-9)


def test_the_window_ends_where_digits_do_and_can_be_set() -> None:
    values = np.array([1.0, 0.5, 0.25, 1e-13, 1e-14])
    assert decay.alpha_req(moments(with_spectrum(values))).details["window"] == [1, 3]
    narrow = decay.alpha_req(moments(with_spectrum(values)), first=2, last=3)
    assert narrow.details["window"] == [2, 3]
    assert narrow.value == pytest.approx(np.log(2) / np.log(1.5))


def test_one_eigenvalue_has_no_slope() -> None:
    with pytest.raises(NotEnoughData, match="no slope"):
        decay.alpha_req(moments(np.outer(np.arange(5.0), [1.0, 2.0])))


@pytest.mark.parametrize("order", [0.5, 1.0, 2.0, 3.0])
def test_entropy_of_any_order(order: float) -> None:
    X = np.random.default_rng(1).normal(size=(100, 6)) * np.geomspace(2, 0.2, 6) + 1.0
    p = np.linalg.eigvalsh(np.cov(X.T))
    p /= p.sum()
    expected = entropy(p) if order == 1.0 else np.log((p**order).sum()) / (1 - order)
    assert decay.matrix_entropy(moments(X), order).value == pytest.approx(expected / np.log(6), rel=1e-9)


def test_the_raw_form_is_not_centred() -> None:
    X = np.random.default_rng(2).normal(size=(50, 4)) + 3.0
    p = np.linalg.svd(X, compute_uv=False) ** 2
    assert decay.matrix_entropy_raw(moments(X)).value == pytest.approx(entropy(p) / np.log(4), rel=1e-9)
    assert decay.matrix_entropy(moments(X, centred=False)).value == pytest.approx(entropy(p) / np.log(4), rel=1e-9)


def test_ends_of_the_range() -> None:
    assert decay.matrix_entropy(moments(with_spectrum(np.ones(5)))).value == pytest.approx(1.0)
    assert decay.matrix_entropy(moments(np.outer(np.arange(9.0), [1, 2, 3.0]))).value == 0.0


@pytest.mark.parametrize("measured", [decay.matrix_entropy, decay.matrix_entropy_raw])
def test_one_dimension_has_no_relative_entropy(measured) -> None:
    with pytest.raises(NotEnoughData, match="= 1"):
        measured(moments(np.arange(5.0)[:, None]))
