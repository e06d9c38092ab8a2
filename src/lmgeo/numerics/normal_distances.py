"""How near the nearest of n points of a standard normal lies, expected exactly."""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from lmgeo.core.arrays import Float64, ndarray

_RADII = 64  # nodes over the squared length of the point itself
_STEPS = 256  # over the logarithm of the squared distance
_LEAST, _MOST = 1e-18, 45.0  # expected points within a distance: surely none, surely one


@lru_cache(maxsize=64)
def expected_log_nearest(n: int, d: int) -> float:
    """Mean log distance from a point of a d-dimensional standard normal to the nearest of n − 1 others.

    Given the point's squared length s, the squared distance of another is a noncentral chi-square
    (d, s), and the nearest is the least of n − 1 of them. With u its logarithm, the mean of u is
    the upper end less the integral of P(nearest ≤ u), a smooth step, for which the trapezoid rule
    converges exponentially; s is integrated by Gauss's rule for the chi-square distribution.

    Args:
        n: points in all, from 2; accurate to 1e-9 up to a million.
        d: dimensions, from 1; likewise up to 8,192.
    """
    squares, weights = _squared_lengths(d)
    low, high = (_where_expected(squares, n, d, count) for count in (_LEAST, _MOST))
    u = low + (high - low) * np.linspace(0.0, 1.0, _STEPS + 1)[:, None]
    within = -np.expm1(-_expected(u, squares, n, d))
    integral = (high - low) * (within.sum(axis=0) - (within[0] + within[-1]) / 2) / _STEPS
    return float(weights @ (high - integral)) / 2


def _squared_lengths(d: int) -> tuple[Float64[ndarray, " k"], Float64[ndarray, " k"]]:
    """Nodes and weights for the chi-square distribution of d degrees (Golub & Welsch 1969)."""
    i = np.arange(_RADII)
    off = np.sqrt(i[1:] * (i[1:] + d / 2 - 1))
    nodes, vectors = np.linalg.eigh(np.diag(2 * i + d / 2.0) + np.diag(off, 1) + np.diag(off, -1))
    return 2 * nodes, np.square(vectors[0])


def _expected(u: Float64[ndarray, "*b k"], squares: Float64[ndarray, " k"], n: int, d: int) -> Float64[ndarray, "*b k"]:
    """−log P(none of the others is within e^{u/2}): for few, how many are expected there."""
    from scipy.special import chndtr

    with np.errstate(divide="ignore"):  # surely within
        return -(n - 1) * np.log1p(-np.minimum(chndtr(np.exp(u), d, squares), 1.0))


def _where_expected(squares: Float64[ndarray, " k"], n: int, d: int, count: float) -> Float64[ndarray, " k"]:
    """The u at which `_expected` first comes to `count`, by bisection; where all are within, for a few points."""
    low = np.full(len(squares), -400.0)
    high = 2 * np.log(np.sqrt(squares) + np.sqrt(d) + 20.0)
    for _ in range(60):
        middle = (low + high) / 2
        below = _expected(middle, squares, n, d) < count
        low, high = np.where(below, middle, low), np.where(below, high, middle)
    return high
