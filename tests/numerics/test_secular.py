"""Singular values of a diagonal with one row more, against numpy's of the whole matrix."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.linalg.lapack import dlasd4

from lmgeo.numerics.secular import with_one_more_row
from lmgeo.numerics.secular_roots import secular_roots
from lmgeo.numerics.spectra import axis_variances


def plainly(diagonal: np.ndarray, row: np.ndarray) -> np.ndarray:
    return np.linalg.svd(np.vstack([np.diag(diagonal), row]), compute_uv=False)


@pytest.mark.parametrize("d", [1, 2, 3, 40, 300])
@pytest.mark.parametrize("mean", [0.0, 1e-12, 1e-3, 1.0, 1e8])
def test_against_numpy(d: int, mean: float) -> None:
    rng = np.random.default_rng(d)
    diagonal, row = np.geomspace(3, 1e-3, d), mean * rng.normal(size=d)
    found = with_one_more_row(diagonal, row)
    expected = plainly(diagonal, row)
    assert (np.diff(found) <= 0).all()
    np.testing.assert_allclose(found, expected, rtol=1e-12, atol=1e-14 * expected[0])


@pytest.mark.parametrize("weight", [30.0, 1.0, 1e-3, 1e-9])
@pytest.mark.parametrize("spread", ["even", "geometric", "clustered"])
def test_roots_are_those_of_lapack(weight: float, spread: str) -> None:
    rng = np.random.default_rng(0)
    ways = {"even": np.linspace(0, 1, 60), "geometric": np.geomspace(1e-8, 1, 60), "clustered": rng.random(60) ** 6}
    poles, weights = np.sort(ways[spread]), np.maximum(weight * np.abs(rng.normal(size=60)), 2e-15)
    size = float(weights @ weights)
    expected = [dlasd4(i, poles, weights / np.sqrt(size), size)[1] for i in range(60)]
    np.testing.assert_allclose(secular_roots(poles, weights**2), expected, rtol=1e-13)


SIZES = st.sampled_from([0.0, 1e-300, 1e-9, 0.5, 0.5, 1.0, 1.0 + 2e-16, 7.0, 1e6])


@settings(max_examples=200, deadline=None)
@given(st.lists(st.tuples(SIZES, SIZES, st.booleans()), min_size=1, max_size=12))
def test_ties_zeros_and_extremes(entries: list[tuple[float, float, bool]]) -> None:
    diagonal = np.array([entry for entry, _, _ in entries])
    row = np.array([-weight if negative else weight for _, weight, negative in entries])
    found, expected = with_one_more_row(diagonal, row), plainly(diagonal, row)
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-14 * max(expected[0], 1e-300))


def test_small_values_keep_their_digits_beside_a_huge_row() -> None:
    """Where the sum of squares would have lost them; by interlacing they lie between the entries."""
    diagonal = np.geomspace(1, 1e-4, 20)
    found = with_one_more_row(diagonal, np.full(20, 1e9))
    assert (found[1:] >= diagonal[1:]).all()
    assert (found[1:] <= diagonal[:-1]).all()
    np.testing.assert_allclose(
        np.log(found[1:]).sum(), np.log(plainly(diagonal, np.full(20, 1e9))[1:]).sum(), rtol=1e-6
    )


def test_variances_on_axes_read_the_upper_triangle_alone() -> None:
    rng = np.random.default_rng(0)
    S = rng.normal(size=(6, 6))
    S = S @ S.T
    axes = np.linalg.qr(rng.normal(size=(6, 6)))[0]
    np.testing.assert_allclose(
        axis_variances(np.triu(S) + np.tril(np.ones((6, 6)), -1), axes), np.diag(axes.T @ S @ axes)
    )
