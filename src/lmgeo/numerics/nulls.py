"""Clouds to read a value against: what would it be if only the covariance, or only the columns, mattered?"""

from __future__ import annotations

import numpy as np

from lmgeo.core.arrays import Float, ndarray
from lmgeo.core.errors import NotEnoughData
from lmgeo.core.seeds import numpy_stream
from lmgeo.numerics.moments import mean_and_scatter, row_chunks
from lmgeo.numerics.spectra import principal_axes


def gaussian_like(rows: Float[ndarray, "n d"], seed: int) -> Float[ndarray, "n d"]:
    """As many rows of a normal distribution with the same mean and covariance, of the same type, n ≥ 2.

    Of float64 rows the twin is float64 too: in float32 a mean of 1e9 would swallow it, and 1e100 overflow.

    Raises:
        NotEnoughData: squares that float64 cannot hold, or a twin that the rows' type cannot.
    """
    n, d = rows.shape
    mean, scatter = mean_and_scatter(rows)
    values, axes = principal_axes(scatter / max(n - 1, 1), min(n - 1, d))
    factor = (axes * np.sqrt(values)).T
    stream = numpy_stream(seed, "null", "gaussian")
    found = np.empty((n, d), rows.dtype)
    for part in row_chunks(n, d):
        with np.errstate(over="ignore"):
            found[part] = stream.standard_normal((part.stop - part.start, d)) @ factor + mean
        if not np.isfinite(found[part]).all():
            raise NotEnoughData(f"a normal twin of these rows overflows {rows.dtype}", "scale the rows down")
    return found


def shuffled(rows: Float[ndarray, "n d"], seed: int) -> Float[ndarray, "n d"]:
    """A copy whose columns are each in an order of their own: the same columns, nothing between them."""
    stream = numpy_stream(seed, "null", "shuffled")
    found = np.array(rows)
    for column in found.T:
        stream.shuffle(column)
    return found


NULLS = {"gaussian": gaussian_like, "shuffled": shuffled}
