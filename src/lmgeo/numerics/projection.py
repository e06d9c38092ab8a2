"""A cloud on its principal axes, a block of axes at a time."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np

from lmgeo.core.arrays import Float, Float64, ndarray
from lmgeo.numerics.moments import mean_and_scatter, row_chunks
from lmgeo.numerics.spectra import principal_axes

_BLOCK_VALUES = 16_000_000  # 128 MB of projected values at a time


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


def projected_blocks(
    rows: Float[ndarray, "n d"], axes: Float64[ndarray, "d k"], mean: Float64[ndarray, " d"]
) -> Iterator[Float64[ndarray, "b n"]]:
    """(rows − mean)·axes, transposed: one axis a row, in blocks of axes that fit in memory."""
    n, d = rows.shape
    width = max(1, _BLOCK_VALUES // max(1, n))
    for start in range(0, axes.shape[1], width):
        block = np.ascontiguousarray(axes[:, start : start + width].T)
        out = np.empty((len(block), n))
        for part in row_chunks(n, d):
            out[:, part] = block @ np.subtract(rows[part], mean, dtype=np.float64).T
        yield out
