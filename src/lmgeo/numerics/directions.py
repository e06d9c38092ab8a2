"""Sums of unit vectors."""

from __future__ import annotations

import numpy as np

from lmgeo.core.arrays import Float, Float64, ndarray
from lmgeo.numerics.threads import in_threads

_CHUNK_VALUES = 1_000_000  # 8 MB in float64


def unit_sum(rows: Float[ndarray, "n d"]) -> tuple[int, Float64[ndarray, " d"]]:
    """How many rows are not zero, and the sum of their unit vectors."""
    n, d = rows.shape
    step = max(1, _CHUNK_VALUES // max(1, d))
    parts = [slice(start, start + step) for start in range(0, n, step)]
    counts, sums = zip(*in_threads(lambda part: _of_chunk(rows[part]), parts), strict=True) if n else ((), ())
    return sum(counts), np.sum(sums, axis=0) if n else np.zeros(d)


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
