"""Functions of a spectrum, and the rounding that is taken out of it."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import entropy

from lmgeo.core.errors import NotEnoughData
from lmgeo.numerics import spectra

spectrum = st.lists(st.floats(1e-6, 1e6), min_size=2, max_size=30).map(lambda v: np.sort(np.array(v))[::-1])


def isoscore(values: np.ndarray) -> float:
    return spectra.isoscore(spectra.sums_of(values), len(values))


@settings(max_examples=60, deadline=None)
@given(values=spectrum, factor=st.floats(1e-50, 1e50))
def test_ranges_and_scale(values: np.ndarray, factor: float) -> None:
    d = len(values)
    bounds = {
        isoscore: (0, 1),
        spectra.participation: (1, d),
        spectra.entropy_rank: (1, d),
    }
    for function, (low, high) in bounds.items():
        assert low <= function(values) <= high
        assert function(values * factor) == pytest.approx(function(values), rel=1e-9, abs=1e-12)
    assert 0 <= spectra.eee(values, d) <= ((d - 1) / d) ** 2


@settings(max_examples=30, deadline=None)
@given(values=spectrum)
def test_entropy_against_scipy(values: np.ndarray) -> None:
    assert spectra.shannon_entropy(values) == pytest.approx(entropy(values), rel=1e-10, abs=1e-12)
    padded = np.concatenate([values, np.zeros(3)])
    assert spectra.shannon_entropy(padded) == pytest.approx(spectra.shannon_entropy(values), rel=1e-12)


def test_eee_by_hand() -> None:
    # cumulated 3, 5, 6 above 2, 4, 6 by 1, 1, 0: trapezoid 1.5 over 6·3/2
    assert spectra.eee(np.array([3.0, 2.0, 1.0]), 3) == pytest.approx(1.5 / 9)
    assert spectra.eee(np.array([3.0, 2.0, 1.0, 0.0]), 3) == pytest.approx(1.5 / 9)
    assert spectra.eee(np.array([2.0]), 1) == 0.0


def test_isoscore_at_its_ends() -> None:
    for d in (2, 5, 100):
        assert isoscore(np.ones(d)) == pytest.approx(1.0)
        assert isoscore(np.eye(d)[0]) == pytest.approx(0.0, abs=1e-12)


@pytest.mark.parametrize("k", [1, 3, 9])
def test_isoscore_counts_dimensions(k: int) -> None:
    # k even directions of d: the score is (k − 1)/(d − 1)
    values = np.array([1.0] * k + [0.0] * (10 - k))
    assert isoscore(values) == pytest.approx((k - 1) / 9, abs=1e-12)


def test_rounding_becomes_zero() -> None:
    values = np.array([1.0, 1e-3, 1e-16, -1e-17])
    np.testing.assert_array_equal(spectra.without_rounding(values, 4), [1.0, 1e-3, 0.0, 0.0])
    np.testing.assert_array_equal(spectra.without_rounding(values, 1), [1.0, 0.0, 0.0, 0.0])


def test_principal_axes_rebuild_the_scatter() -> None:
    A = np.random.default_rng(0).normal(size=(6, 4))
    values, axes = spectra.principal_axes(A.T @ A, 4)
    np.testing.assert_allclose(axes * values @ axes.T, A.T @ A, atol=1e-12)
    assert (np.diff(values) <= 0).all()


def test_overflowed_scatter_is_refused() -> None:
    with pytest.raises(NotEnoughData, match="overflow"):
        spectra.principal_axes(np.full((2, 2), np.inf), 2)


@pytest.mark.parametrize("shift", [0.0, 10.0, 1e6])
@pytest.mark.parametrize("n", [2, 5, 50])
def test_uncentred_singular_values(n: int, shift: float) -> None:
    X = np.random.default_rng(1).normal(size=(n, 5)) + shift
    centred = X - X.mean(axis=0)
    values, axes = spectra.principal_axes(centred.T @ centred, min(n - 1, 5))
    found = spectra.uncentred_singular_values(values, X.mean(axis=0) @ axes, n)
    expected = np.pad(np.linalg.svd(X, compute_uv=False), (0, max(0, 5 - n)))
    np.testing.assert_allclose(found, expected, rtol=1e-6, atol=1e-8 * math.sqrt(n))


def test_sums_of_a_matrix_are_those_of_its_eigenvalues() -> None:
    X = np.random.default_rng(0).normal(size=(40, 6)) * 1e150
    scatter = X.T @ X
    found, plain = spectra.sums_of(scatter), spectra.sums_of(np.linalg.eigvalsh(scatter)[::-1])
    assert found.total * found.factor == pytest.approx(plain.total * plain.factor)
    assert spectra.isoscore(found, 6) == pytest.approx(spectra.isoscore(plain, 6))
    with pytest.raises(NotEnoughData, match="overflow"):
        spectra.sums_of(np.diag([np.inf, 1.0]))
    assert spectra.sums_of(np.zeros((3, 3))).factor == 0.0
