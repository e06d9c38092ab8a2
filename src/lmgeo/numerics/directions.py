"""Sums of unit vectors."""

from __future__ import annotations

import numpy as np

from lmgeo.core.arrays import Float, Float64, ndarray
from lmgeo.numerics.moments import row_chunks


def unit_sum(rows: Float[ndarray, "n d"]) -> tuple[int, Float64[ndarray, " d"]]:
    """How many rows are not zero, and the sum of their unit vectors."""
    count, total = 0, np.zeros(rows.shape[1])
    for part in row_chunks(*rows.shape):
        more = _of_chunk(rows[part])
        count, total = count + more[0], total + more[1]
    return count, total


def unit_rows(rows: Float[ndarray, "n d"]) -> Float64[ndarray, "k d"]:
    """The rows that are not zero, each over its length; for few rows at a time."""
    exact, lengths = _lengths(rows)
    exact /= lengths[:, None]
    return exact


def _of_chunk(rows: Float[ndarray, "n d"]) -> tuple[int, Float64[ndarray, " d"]]:
    exact, lengths = _lengths(rows)
    return len(exact), (1.0 / lengths) @ exact


def _lengths(rows: Float[ndarray, "n d"]) -> tuple[Float64[ndarray, "k d"], Float64[ndarray, " k"]]:
    """The rows that are not zero over their greatest entry, and their lengths then."""
    # squares of 1e200 or 1e-200 are out of float64
    greatest = np.abs(rows).max(axis=1, initial=0.0)
    kept = greatest > 0
    exact = rows[kept].astype(np.float64)
    exact /= greatest[kept, None]
    return exact, np.sqrt(np.einsum("nd,nd->n", exact, exact))
