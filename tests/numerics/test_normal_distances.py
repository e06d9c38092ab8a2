"""The expected nearest distance in a normal cloud against closed forms, quadrature and simulation."""

from __future__ import annotations

import math
import time

import numpy as np
import pytest
from scipy.special import digamma
from scipy.stats import ncx2, norm

from lmgeo.numerics import normal_distances as module
from lmgeo.numerics.neighbours import nearest_distances
from lmgeo.numerics.normal_distances import expected_log_nearest


@pytest.mark.parametrize("d", [1, 2, 3, 17, 512, 8_192])
def test_two_points(d: int) -> None:
    # their difference is normal with variance 2, its squared length 2·chi-square(d)
    expected = (math.log(2) + math.log(2) + digamma(d / 2)) / 2
    assert expected_log_nearest(2, d) == pytest.approx(expected, rel=1e-9, abs=1e-9)


@pytest.mark.parametrize("n", [3, 10])
def test_a_line_against_a_plain_double_sum(n: int) -> None:
    x = np.linspace(-9, 9, 1_501)[:, None]
    u = np.linspace(-60, 6, 3_301)
    within = norm.cdf(x + np.exp(u / 2)) - norm.cdf(x - np.exp(u / 2))
    step = 1.0 - (1.0 - within) ** (n - 1)
    integral = np.trapezoid(norm.pdf(x[:, 0]) * np.trapezoid(step, u, axis=1), x[:, 0])
    assert expected_log_nearest(n, 1) == pytest.approx((6 - integral) / 2, abs=1e-7)


@pytest.mark.parametrize(("n", "d"), [(5, 1), (50, 2), (200, 64)])
def test_against_simulation(n: int, d: int) -> None:
    rng = np.random.default_rng(n)
    means = [np.log(nearest_distances(rng.normal(size=(n, d)), 1)).mean() for _ in range(200)]
    error = np.std(means, ddof=1) / math.sqrt(len(means))
    assert abs(np.mean(means) - expected_log_nearest(n, d)) < 4 * error


@pytest.mark.parametrize(("n", "d"), [(1_000_000, 1), (1_000_000, 8_192), (32_768, 512), (7, 3)])
def test_finer_steps_change_nothing(n: int, d: int, monkeypatch: pytest.MonkeyPatch) -> None:
    coarse = expected_log_nearest(n, d)
    monkeypatch.setattr(module, "_STEPS", 1_000)
    monkeypatch.setattr(module, "_RADII", 120)
    assert expected_log_nearest.__wrapped__(n, d) == pytest.approx(coarse, rel=1e-9)


def test_the_conditional_law_is_scipys() -> None:
    u, squares = np.array([[2.0], [4.0], [4.4]]) + np.zeros(2), np.array([40.0, 55.0])
    expected = -9 * np.log1p(-ncx2.cdf(np.exp(u), 50, squares))
    np.testing.assert_allclose(module._expected(u, squares, 10, 50), expected, rtol=1e-8)


def test_it_takes_no_time() -> None:
    start = time.process_time()
    expected_log_nearest.__wrapped__(1_000_000, 8_192)
    assert time.process_time() - start < 2.0
