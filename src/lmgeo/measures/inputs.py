"""What an array must be to be measured, refused in words where it is not."""

from __future__ import annotations

from typing import Any

import numpy as np

from lmgeo.core.errors import NotEnoughData, SpecError
from lmgeo.numerics.conversion import as_floats, float_type
from lmgeo.numerics.moments import row_chunks


def as_cloud(X: Any, what: str = "cloud") -> tuple[np.ndarray, str | None]:
    """`X` as an array (n, d) of finite numbers, and which conversion its rows need, if any.

    It is not copied, so that it may be larger than memory: states convert rows as they take them in.

    Raises:
        SpecError: not two-dimensional, not numbers, masked, or holding NaN or infinity.
        NotEnoughData: no rows or no columns.
    """
    if np.ma.is_masked(X):
        raise SpecError(f"the {what} has masked entries", "leave those rows out, or fill them")
    try:
        array = np.asarray(X)
    except (
        ValueError,
        TypeError,
        RuntimeError,
    ) as error:  # ragged lists, tensors with a gradient or a type of their own
        raise SpecError(f"the {what} is no array: {error}", "give a two-dimensional array of numbers") from error
    if array.ndim != 2:
        raise SpecError(f"the {what} has shape {array.shape}", "give a two-dimensional array: one vector a row")
    if 0 in array.shape:
        raise NotEnoughData(f"the {what} is empty: shape {array.shape}", "give at least one row and one column")
    target = float_type(array.dtype)
    if target is None:
        raise SpecError(f"the {what} holds {array.dtype} values", "give floats or integers")
    _refuse_non_finite(array, what)
    return array, None if array.dtype == target else f"converted from {array.dtype} to {target}"


def _refuse_non_finite(array: np.ndarray, what: str) -> None:
    count, first = 0, None
    for part in row_chunks(*array.shape):
        bad = ~np.isfinite(as_floats(array[part]))
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
