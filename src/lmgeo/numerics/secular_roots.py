"""Roots of the secular equation 1 + Σ wₖ²/(pₖ² − σ²) = 0: compiled, and without the interpreter's lock.

Each root lies between two poles, the last one above them all. It is sought as a distance from the nearer of the two, so
that it keeps all its digits however near to it it lies.

Source: Li 1993, "Solving secular equations stably and efficiently", LAPACK working note 89: the middle way.
"""

from __future__ import annotations

import inspect
import math

import numpy as np
from numba import njit

from lmgeo.core.arrays import Float64, ndarray

_EPSILON = float(np.finfo(np.float64).eps)
_MOST_STEPS = 100  # 6 is usual


def _compiled(**settings):  # type: ignore[no-untyped-def]
    # unwrapped, for what wraps every function of a package (shape checks in tests) cannot be compiled
    # a division by zero is an infinity, as in numpy: such a step is outside its bounds and halves them instead
    return lambda function: njit(cache=True, nogil=True, error_model="numpy", **settings)(inspect.unwrap(function))


@_compiled(fastmath={"reassoc", "contract"})  # sums of one sign each, in any order
def _sums(gaps, squares, start, stop, at):  # type: ignore[no-untyped-def]
    total = 0.0
    slope = 0.0
    for k in range(start, stop):
        share = 1.0 / (gaps[k] - at)
        total += squares[k] * share
        slope += squares[k] * share * share
    return total, slope


@_compiled()
def _root(gaps, squares, i, low, high, at):  # type: ignore[no-untyped-def]
    """The root between `low` and `high`, from `at` on; poles to i are below it. NaN where none is found."""
    k = gaps.size
    above = min(i + 1, k - 1)
    for _ in range(_MOST_STEPS):
        below_sum, below_slope = _sums(gaps, squares, 0, i + 1, at)
        above_sum, above_slope = _sums(gaps, squares, i + 1, k, at)
        value = 1.0 + below_sum + above_sum
        if abs(value) <= 8 * _EPSILON * (1.0 + above_sum - below_sum) or high - low <= _EPSILON * abs(at):
            return at
        if value < 0.0:
            low = at
        else:
            high = at
        left = gaps[i] - at
        if i + 1 < k:
            right = gaps[above] - at
            c = value - left * below_slope - right * above_slope
            a = (left + right) * value - left * right * (below_slope + above_slope)
            b = left * right * value
            square = math.sqrt(max(a * a - 4.0 * b * c, 0.0))
            step = (a - square) / (2.0 * c) if a <= 0.0 else 2.0 * b / (a + square)
        else:  # 1 + s/(gap − x) through value and slope: nothing is above
            scale = below_slope * left * left
            rest = value - scale / left
            step = left + scale / rest
        at = at + step
        if not low < at < high:
            at = 0.5 * (low + high)
    return np.nan


@_compiled()
def _all(poles, squares):  # type: ignore[no-untyped-def]
    k = poles.size
    found = np.empty(k)
    gaps = np.empty(k)
    total = squares.sum()
    for i in range(k):
        for j in range(k):
            gaps[j] = (poles[j] - poles[i]) * (poles[j] + poles[i])
        width = gaps[i + 1] if i + 1 < k else total
        middle = 0.5 * width
        low, _ = _sums(gaps, squares, 0, i + 1, middle)
        high, _ = _sums(gaps, squares, i + 1, k, middle)
        base = poles[i]
        if 1.0 + low + high > 0.0 or i + 1 == k:  # nearer to the pole below
            at = _root(gaps, squares, i, 0.0, width if i + 1 == k else middle, 0.5 * middle)
        else:
            base = poles[i + 1]
            for j in range(k):
                gaps[j] = (poles[j] - base) * (poles[j] + base)
            at = _root(gaps, squares, i, -middle, 0.0, -0.5 * middle)
        # √(base² + at) without squares that lose the digits of a small `at`
        below = base + math.sqrt(base * base + at)
        found[i] = base + at / below if below > 0.0 else base  # a root at the pole 0, whose square underflowed
    return found


def secular_roots(poles: Float64[ndarray, " k"], squares: Float64[ndarray, " k"]) -> Float64[ndarray, " k"]:
    """The roots σ, ascending.

    Args:
        poles: distinct, ascending, not negative.
        squares: wₖ², above zero.
    """
    return np.asarray(_all(poles, squares))
