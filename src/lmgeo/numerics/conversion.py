"""Which float type stands for which stored type."""

from __future__ import annotations

import numpy as np

from lmgeo.core.arrays import ndarray


def float_type(dtype: np.dtype) -> np.dtype | None:
    """The float type that holds every value of `dtype`, or near enough for 64-bit integers; None for no numbers."""
    if dtype.kind == "f":
        return np.dtype(np.float32 if dtype.itemsize <= 4 else np.float64)
    if dtype.kind in "iu":
        return np.dtype(np.float32 if dtype.itemsize <= 2 else np.float64)
    return None


def as_floats(rows: ndarray) -> ndarray:
    """Rows as float32 or float64; those that are stay as they are, without a copy.

    What overflows is infinite then, without a warning.
    """
    kind = float_type(rows.dtype)
    with np.errstate(over="ignore"):
        return rows if kind is None else rows.astype(kind, copy=False)
