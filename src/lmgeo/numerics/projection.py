"""A cloud on its principal axes."""

from __future__ import annotations

import math

import numpy as np

from lmgeo.core.arrays import Float, Float64, ndarray
from lmgeo.numerics.moments import mean_and_scatter, row_chunks
from lmgeo.numerics.spectra import principal_axes


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
    rows: Float[ndarray, "n d"], axes: Float64[ndarray, "d k"], mean: Float64[ndarray, " d"]
) -> Float64[ndarray, "k n"]:
    """(rows − mean)·axes, one axis a row, each ascending and pointing to its farthest row."""
    block = np.ascontiguousarray(axes.T)
    scores = np.empty((len(block), len(rows)))
    for part in row_chunks(*rows.shape):
        scores[:, part] = block @ np.subtract(rows[part], mean, dtype=np.float64).T
    scores.sort(axis=1)
    for axis in scores:
        if -axis[0] > axis[-1]:
            axis[:] = -axis[::-1]
    return scores
