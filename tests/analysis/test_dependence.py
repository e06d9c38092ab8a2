"""Kendall, distance correlation and monotone R² beside scipy, scikit-learn, and every pair written out."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats
from sklearn.isotonic import IsotonicRegression

from lmgeo.analysis.correlation import standardised
from lmgeo.analysis.distance import distance_correlation
from lmgeo.analysis.dominance import sums_below
from lmgeo.analysis.isotonic import monotone_r2
from lmgeo.analysis.kendall import tau_b

CASES = [(n, digits) for n in (3, 4, 5, 8, 9, 33, 64, 100) for digits in (9, 1, 0)]


def pair(n: int, digits: int) -> tuple[np.ndarray, np.ndarray]:
    random = np.random.default_rng(n)
    x = random.normal(size=n)
    y = 0.5 * x + random.normal(size=n)
    x, y = np.round(x, digits), np.round(y, digits)
    x[0], y[-1] = 4.0, -3.0  # neither is constant
    return x, y


@pytest.mark.parametrize("n", [1, 2, 3, 7, 8, 9, 31, 50])
def test_sums_below_equal_looking_at_every_pair(n: int) -> None:
    random = np.random.default_rng(n)
    places, weights = random.permutation(n), random.normal(size=(2, n))
    below = np.tril(np.ones((n, n)), -1) * (places[:, None] > places)
    assert sums_below(places, weights) == pytest.approx(weights @ below.T, abs=1e-12)


@pytest.mark.parametrize(("n", "digits"), CASES)
def test_kendall_equals_scipy(n: int, digits: int) -> None:
    x, y = pair(n, digits)
    assert tau_b(x, y)[0] == pytest.approx(stats.kendalltau(x, y).statistic, abs=1e-12)
    assert tau_b(-x, y)[0] == pytest.approx(-tau_b(x, y)[0], abs=1e-12)


@pytest.mark.parametrize("digits", [9, 0])
def test_kendalls_influence_is_the_derivative_by_a_rows_weight(digits: int) -> None:
    x, y = pair(33, digits)
    signs = np.sign(x[:, None] - x), np.sign(y[:, None] - y)

    def weighted(w: np.ndarray) -> float:
        products = [w @ (a * b) @ w for a, b in (signs, (signs[0], signs[0]), (signs[1], signs[1]))]
        return float(products[0] / np.sqrt(products[1] * products[2]))

    influence = tau_b(x, y)[1]
    for row in range(33):
        step = 1e-4 * (np.arange(33) == row)
        slope = (weighted(1.0 + step) - weighted(1.0 - step)) / 2e-4
        assert influence[row] == pytest.approx(33 * slope, abs=1e-6)


@pytest.mark.parametrize(("n", "digits"), CASES)
def test_distance_correlation_equals_all_distances_written_out(n: int, digits: int) -> None:
    x, y = (standardised(column) for column in pair(n, digits))
    centred = []
    for column in (x, y):
        apart = np.abs(column[:, None] - column)
        centred.append(apart - apart.mean(axis=0) - apart.mean(axis=1)[:, None] + apart.mean())
    a, b = centred
    plain = np.sqrt(np.mean(a * b) / np.sqrt(np.mean(a * a) * np.mean(b * b)))
    assert distance_correlation(x, y) == pytest.approx(plain, abs=1e-9)
    assert distance_correlation(y, x) == pytest.approx(plain, abs=1e-9)


def test_distance_correlation_sees_what_no_order_shows() -> None:
    random = np.random.default_rng(0)
    x = random.normal(size=2000)
    assert distance_correlation(standardised(x), standardised(3.0 - 2.0 * x)) == pytest.approx(1.0, abs=1e-9)
    assert distance_correlation(standardised(x), standardised(x**2)) > 0.4
    apart = distance_correlation(standardised(x), standardised(random.normal(size=2000)))
    assert apart == pytest.approx(1.7 / np.sqrt(2000), rel=0.3)  # what the page says of independent columns


@pytest.mark.parametrize(("n", "digits"), CASES)
def test_monotone_r2_equals_scikit_learn(n: int, digits: int) -> None:
    x, y = pair(n, digits)
    z = standardised(y)
    found = [
        1.0 - np.mean((z - IsotonicRegression(increasing=rising).fit(x, z).predict(x)) ** 2) for rising in (True, False)
    ]
    assert monotone_r2(x, z) == pytest.approx(max(found), abs=1e-9)


def test_monotone_r2_is_one_for_any_order_and_at_least_the_linear_one() -> None:
    x, y = pair(64, 9)
    assert monotone_r2(x, standardised(-np.exp(x))) == pytest.approx(1.0)
    assert monotone_r2(x, standardised(y)) >= stats.pearsonr(x, y).statistic ** 2
