"""Vasicek's entropy against scipy's and the plain sum of its definition."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.stats import differential_entropy

from lmgeo.numerics.entropy import vasicek_entropy, vasicek_window


def slow(sample: np.ndarray) -> float:
    x, n = sorted(sample), len(sample)
    m = math.floor(math.sqrt(n) + 0.5)
    total = sum(math.log(n / (2 * m) * (x[min(i + m, n - 1)] - x[max(i - m, 0)])) for i in range(n))
    return total / n


@pytest.mark.parametrize("n", [5, 6, 7, 8, 12, 13, 100, 997])
def test_against_the_definition_and_scipy(n: int) -> None:
    samples = np.sort(np.random.default_rng(n).normal(size=(4, n)), axis=1)
    found = vasicek_entropy(samples)
    np.testing.assert_allclose(found, [slow(sample) for sample in samples], rtol=1e-12, atol=1e-13)
    np.testing.assert_allclose(found, differential_entropy(samples, axis=1, method="vasicek"), rtol=1e-12, atol=1e-13)


def test_near_the_entropy_of_a_normal() -> None:
    sample = np.sort(np.random.default_rng(0).normal(size=(1, 50_000)), axis=1)
    assert vasicek_entropy(sample)[0] == pytest.approx(0.5 * math.log(2 * math.pi * math.e), abs=0.02)


def test_a_vanishing_spacing() -> None:
    samples = np.array([np.repeat([0.0, 1.0], 10), np.arange(20.0)])
    found = vasicek_entropy(samples)
    assert found[0] == -math.inf
    assert math.isfinite(found[1])


def test_spacings_of_rounding_size_vanish() -> None:
    samples = np.array([np.repeat([0.0, 1.0], 10) + np.arange(20) * 1e-14])
    assert vasicek_entropy(samples, 1e-12)[0] == -math.inf
    assert math.isfinite(vasicek_entropy(samples)[0])


@pytest.mark.parametrize(("n", "m"), [(5, 2), (6, 2), (7, 3), (12, 3), (13, 4), (100, 10), (110_000, 332)])
def test_window(n: int, m: int) -> None:
    assert vasicek_window(n) == m
