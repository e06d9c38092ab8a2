"""The law of random spectra: against quadrature and random matrices."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.integrate import quad

from lmgeo.core.errors import NotEnoughData
from lmgeo.numerics.marchenko_pastur import distribution, fit_bulk, median

RATIOS = [0.01, 0.25, 0.6, 1.0]


def density(x: float, ratio: float) -> float:
    low, high = (1 - math.sqrt(ratio)) ** 2, (1 + math.sqrt(ratio)) ** 2
    return math.sqrt(max((high - x) * (x - low), 0.0)) / (2 * math.pi * ratio * x)


@pytest.mark.parametrize("ratio", RATIOS)
def test_the_distribution_is_the_integral_of_the_density(ratio: float) -> None:
    low, high = (1 - math.sqrt(ratio)) ** 2, (1 + math.sqrt(ratio)) ** 2
    for share in (0.05, 0.3, 0.7, 0.95):
        x = low + share * (high - low)
        expected, _ = quad(density, low, x, args=(ratio,), limit=200)
        assert distribution(np.array([x]), ratio)[0] == pytest.approx(expected, abs=1e-6)
    ends = distribution(np.array([0.0, low, high, 2 * high]), ratio)
    assert ends == pytest.approx([0, 0, 1, 1], abs=1e-7)


@pytest.mark.parametrize("ratio", RATIOS)
def test_the_median_is_where_half_lies_below(ratio: float) -> None:
    assert distribution(np.array([median(ratio)]), ratio)[0] == pytest.approx(0.5, abs=1e-12)


@pytest.mark.parametrize(("n", "d"), [(1200, 300), (300, 1200), (400, 400), (900, 800)])
def test_a_random_matrix_has_its_own_edge(n: int, d: int) -> None:
    W = 0.3 * np.random.default_rng(n).normal(size=(n, d))
    values = np.linalg.svd(W, compute_uv=False) ** 2
    bulk = fit_bulk(values, n, d)
    assert bulk.edge == pytest.approx(0.09 * (math.sqrt(n) + math.sqrt(d)) ** 2, rel=0.02)
    assert bulk.variance == pytest.approx(0.09, rel=0.02)
    assert bulk.above <= 2
    assert bulk.distance < 0.02


def test_spikes_leave_the_edge_where_it_is() -> None:
    rng = np.random.default_rng(4)
    W = rng.normal(size=(1000, 250))
    before = fit_bulk(np.linalg.svd(W, compute_uv=False) ** 2, 1000, 250)
    left, right = np.linalg.qr(rng.normal(size=(1000, 10)))[0], np.linalg.qr(rng.normal(size=(250, 10)))[0]
    spiked = W + (left * np.linspace(150, 400, 10)) @ right.T
    after = fit_bulk(np.linalg.svd(spiked, compute_uv=False) ** 2, 1000, 250)
    assert after.above == 10
    assert after.edge == pytest.approx(before.edge, rel=0.04)
    assert after.distance > before.distance


def test_no_bulk_in_half_of_zeros() -> None:
    with pytest.raises(NotEnoughData, match="no bulk"):
        fit_bulk(np.array([1.0, 0, 0, 0]), 9, 4)


def test_one_value_and_even_ones() -> None:
    assert fit_bulk(np.array([3.0]), 5, 1).edge > 3
    assert fit_bulk(np.ones(8), 30, 8).above == 0
