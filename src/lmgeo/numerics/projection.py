"""A cloud on its principal axes."""

from __future__ import annotations

import math

import numpy as np

from lmgeo.core.arrays import Float, Float64, ndarray
from lmgeo.numerics.moments import mean_and_scatter
from lmgeo.numerics.spectra import principal_axes

_CHUNK = 1_024  # rows in float64 that a core's cache holds until they are multiplied


def scaled_axes(
    rows: Float[ndarray, "n d"],
) -> tuple[Float64[ndarray, " d"], Float64[ndarray, "d d"], Float64[ndarray, " d"]]:
    """Eigenvalues of the covariance, principal axes scaled to a total variance of d, and the mean.

    The axes are columns. Rows that are all equal give eigenvalues of zero and unscaled axes.
    """
    n, d = rows.shape
    mean, scatter = mean_and_scatter(rows)
    values, axes = principal_axes(scatter / max(n - 1, 1), min(n - 1, d))
    total = values.sum()
    return values, axes * (math.sqrt(d / total) if total > 0 else 1.0), mean


def sorted_scores(
    rows: Float[ndarray, "n d"],
    axes: Float64[ndarray, "d k"],
    mean: Float64[ndarray, " d"],
    room: Float64[ndarray, " r"] | None = None,
) -> Float64[ndarray, "k n"]:
    """(rows − mean)·axes, one axis a row, each ascending and pointing to its farthest row.

    Args:
        room: at least k·n numbers that the scores may be written to; fresh memory costs as much as a sort.
    """
    block = np.ascontiguousarray(axes.T)
    k, n = len(block), len(rows)
    scores = np.empty((k, n)) if room is None else room[: k * n].reshape(k, n)
    for start in range(0, len(rows), _CHUNK):
        part = slice(start, start + _CHUNK)
        centred = rows[part].astype(np.float64)
        centred -= mean
        scores[:, part] = block @ centred.T
    scores.sort(axis=1)
    for axis in scores:
        if -axis[0] > axis[-1]:
            axis[:] = -axis[::-1]
    return scores
