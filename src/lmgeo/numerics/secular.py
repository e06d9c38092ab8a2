"""Singular values of a diagonal matrix with one row more, without a decomposition.

They are the roots of the secular equation of divide-and-conquer methods, found one by one to full relative
precision: d² steps in place of d³.
"""

from __future__ import annotations

import math

import numpy as np

from lmgeo.core.arrays import Float64, ndarray

_EPSILON = float(np.finfo(np.float64).eps)
_LEAST_SQUARABLE = 1e-150


def with_one_more_row(diagonal: Float64[ndarray, " d"], row: Float64[ndarray, " d"]) -> Float64[ndarray, " d"]:
    """Singular values, descending, of a diagonal matrix of non-negative entries with `row` below it.

    Source: Gu & Eisenstat 1995, "A divide-and-conquer algorithm for the bidiagonal SVD", section 4 for deflation.
    """
    greatest = max(float(diagonal.max()), float(np.abs(row).max()))
    if greatest == 0.0 or not math.isfinite(greatest):
        return np.full(len(diagonal), greatest)
    order = np.argsort(diagonal)
    entries, weights = diagonal[order] / greatest, row[order] / greatest
    entries[entries < _LEAST_SQUARABLE] = 0.0
    settled, poles, weights = _deflated(entries, weights)
    return greatest * np.sort(np.concatenate([settled, _roots(poles, weights)]))[::-1]


def _deflated(
    diagonal: Float64[ndarray, " d"], row: Float64[ndarray, " d"]
) -> tuple[Float64[ndarray, " s"], Float64[ndarray, " k"], Float64[ndarray, " k"]]:
    """The entries that stay as they are, and the distinct ones that the row moves, ascending, with its entries there.

    An entry that the row does not touch stays; of two equal ones a rotation frees one.
    """
    least = 8 * _EPSILON
    settled: list[float] = []
    poles: list[float] = []
    weights: list[float] = []
    for entry, weight in zip(diagonal.tolist(), np.abs(row).tolist(), strict=True):
        if weight <= least:
            settled.append(entry)
        elif poles and entry - poles[-1] <= least:
            settled.append(entry)
            weights[-1] = math.hypot(weights[-1], weight)
        else:
            poles.append(entry)
            weights.append(weight)
    return np.array(settled), np.array(poles), np.array(weights)


def _roots(poles: Float64[ndarray, " k"], weights: Float64[ndarray, " k"]) -> Float64[ndarray, " k"]:
    from lmgeo.numerics.secular_roots import secular_roots  # numba takes a while to load

    found = secular_roots(poles, np.square(weights))
    if np.isnan(found).any():  # not seen: the search is halved where it does not converge
        return np.linalg.svd(np.vstack([np.diag(poles), weights]), compute_uv=False)
    return found
