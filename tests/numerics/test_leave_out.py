"""The jackknife over clusters in closed form, beside refits without each of them."""

from __future__ import annotations

import numpy as np
import pytest
import statsmodels.api as sm

from lmgeo.numerics.leave_out import left_out
from lmgeo.numerics.sweeps import unit_columns


def slow(x: np.ndarray, y: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """Standard errors from a refit without each cluster, about the fit on all."""
    design = np.column_stack([np.ones(len(y)), x])
    whole = np.linalg.lstsq(design, y, rcond=None)[0]
    count = labels.max() + 1
    moved = [np.linalg.lstsq(design[labels != g], y[labels != g], rcond=None)[0] - whole for g in range(count)]
    return np.sqrt((count - 1) / count * np.sum(np.square(moved), axis=0))[1:]


def errors(x: np.ndarray, y: np.ndarray, labels: np.ndarray) -> list[float | None]:
    fit = left_out(x, labels)
    _, residuals = fit.coefficients(y)
    return [fit.error(contrast, residuals) for contrast in np.eye(x.shape[1])]


@pytest.mark.parametrize("sizes", [[1] * 40, [2, 3, 1, 9, 4, 20], [6] * 8, [1, 1, 1, 30, 7]])
def test_errors_equal_those_of_refits(sizes: list[int]) -> None:
    random = np.random.default_rng(len(sizes))
    labels = random.permutation(np.repeat(np.arange(len(sizes)), sizes))
    x = unit_columns(random.normal(size=(len(labels), 3)))
    y = x @ [1.0, -2.0, 0.5] + random.normal(size=len(labels))
    np.testing.assert_allclose(errors(x, y, labels), slow(x, y, labels), rtol=1e-8)


def test_single_rows_give_hc3() -> None:
    random = np.random.default_rng(1)
    x = unit_columns(random.normal(size=(60, 2)))
    y = random.normal(size=60) * (1 + 5 * np.abs(x[:, 0]))
    theirs = sm.OLS(y, sm.add_constant(x)).fit(cov_type="HC3").bse[1:]
    np.testing.assert_allclose(errors(x, y, np.arange(60)), theirs * np.sqrt(59 / 60), rtol=1e-8)


def test_coefficients_and_residuals_equal_least_squares() -> None:
    random = np.random.default_rng(2)
    x, y = unit_columns(random.normal(size=(30, 3))), random.normal(size=30) + 1e3
    found, residuals = left_out(x, np.arange(30)).coefficients(y)
    theirs = sm.OLS(y, sm.add_constant(x)).fit()
    np.testing.assert_allclose(found, theirs.params[1:], rtol=1e-8)
    np.testing.assert_allclose(residuals, theirs.resid, atol=1e-9)


def test_what_one_cluster_alone_carries_has_no_error_and_the_rest_has() -> None:
    random = np.random.default_rng(3)
    labels = np.repeat(np.arange(8), 5)
    only = (labels == 3).astype(float)
    x = unit_columns(np.column_stack([random.normal(size=40), only]))
    y = x[:, 0] + only + random.normal(size=40)
    first, second = errors(x, y, labels)
    assert second is None
    # a refit without that cluster has a column of zeros, to which least norm gives nothing: the slope is sound
    assert first == pytest.approx(slow(x - x.min(axis=0), y, labels)[0], rel=1e-6)


def test_aliased_predictors_are_not_known() -> None:
    random = np.random.default_rng(4)
    x = random.normal(size=(20, 2))
    columns = unit_columns(np.column_stack([x, 2 * x[:, 0], np.ones(20)]))
    assert left_out(columns, np.arange(20)).known.tolist() == [False, True, False, False]
