"""What an array must be to be measured, refused in words where it is not."""

from __future__ import annotations

import numpy as np

from lmgeo.core.errors import NotEnoughData, SpecError
from lmgeo.numerics.moments import row_chunks


def as_cloud(X: np.ndarray, what: str = "cloud") -> tuple[np.ndarray, str | None]:
    """`X` as finite float32 or float64 rows (n, d), and what was converted, if anything.

    float32 and float64 pass as they are, without a copy.

    Raises:
        SpecError: not two-dimensional, not numbers, or holding NaN or infinity.
        NotEnoughData: no rows or no columns.
    """
    array = np.asarray(X)
    if array.ndim != 2:
        raise SpecError(f"the {what} has shape {array.shape}", "give a two-dimensional array: one vector a row")
    if 0 in array.shape:
        raise NotEnoughData(f"the {what} is empty: shape {array.shape}", "give at least one row and one column")
    target = _float_type(array.dtype, what)
    note = None if array.dtype == target else f"converted from {array.dtype} to {target}"
    with np.errstate(over="ignore"):  # what overflows is infinite then, and refused
        converted = array.astype(target, copy=False)
    _refuse_non_finite(converted, what)
    return converted, note


def _float_type(dtype: np.dtype, what: str) -> np.dtype:
    """The float type that holds every value of `dtype`, or near enough for 64-bit integers."""
    if dtype.kind == "f":
        return np.dtype(np.float32 if dtype.itemsize <= 4 else np.float64)
    if dtype.kind in "iu":
        return np.dtype(np.float32 if dtype.itemsize <= 2 else np.float64)
    raise SpecError(f"the {what} holds {dtype} values", "give floats or integers")


def _refuse_non_finite(array: np.ndarray, what: str) -> None:
    count, first = 0, None
    for part in row_chunks(*array.shape):
        bad = ~np.isfinite(array[part])
        if bad.any():
            count += int(bad.sum())
            row, column = np.argwhere(bad)[0] if first is None else (0, 0)
            first = first or (part.start + int(row), int(column))
    if first is not None:
        where = f"row {first[0]}, column {first[1]}"
        raise SpecError(
            f"the {what} holds {count} value(s) that are NaN or infinite, the first at {where} (from 0)",
            "remove those rows, or mend what made them",
        )
