"""Rows of a size whose squares float64 holds."""

from __future__ import annotations

import math

import numpy as np

from lmgeo.core.arrays import Float, ndarray

_REACH = 300  # exponents of two within which squares and their sums neither overflow nor vanish


def within_reach(rows: Float[ndarray, "n d"]) -> Float[ndarray, "n d"]:
    """The rows, as float64 scaled by a power of two where their squares would leave float64."""
    greatest = max(float(rows.max()), -float(rows.min())) if rows.size else 0.0
    exponent = math.frexp(greatest)[1]
    return rows if greatest == 0 or abs(exponent) < _REACH else np.ldexp(rows.astype(np.float64), -exponent)
