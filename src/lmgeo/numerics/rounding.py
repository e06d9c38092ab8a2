"""Rounding of weight matrices to few levels: an even grid for each row, and the nearest level of it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from lmgeo.core.arrays import Float64, Int, ndarray
from lmgeo.core.errors import SpecError

LEAST_BITS, MOST_BITS = 2, 16


@dataclass(frozen=True)
class Grid:
    """An even grid for each row: the levels step · (code − zero), for codes 0 … levels − 1.

    Attributes:
        step: distance of two neighbouring levels, above 0.
        zero: the code that stands for 0, which is always a level.
        levels: how many there are, 2 ** bits.
    """

    step: Float64[ndarray, " out"]
    zero: Float64[ndarray, " out"]
    levels: int

    def codes(self, column: Float64[ndarray, " out"]) -> Int[ndarray, " out"]:
        """The code of the level nearest to each row's value."""
        nearest = np.rint(column / self.step) + self.zero
        return np.clip(nearest, 0, self.levels - 1).astype(np.int64)

    def values(self, codes: Int[ndarray, " out"]) -> Float64[ndarray, " out"]:
        """The level that each row's code stands for."""
        return self.step * (codes - self.zero)


@dataclass(frozen=True)
class Rounded:
    """A matrix on few levels.

    Attributes:
        values: each entry's level.
        codes: each entry's place on its row's grid, 0 … levels − 1.
        levels: how many levels a grid has.
    """

    values: Float64[ndarray, "out in"]
    codes: Int[ndarray, "out in"]
    levels: int


def grid_of(weights: Float64[ndarray, "out in"], bits: int) -> Grid:
    """For each row the even grid of 2 ** bits levels from its least to its greatest value, 0 among them.

    The range is stretched to 0 where a row lies on one side of it, so a row of one value is met
    exactly. A row of zeros has any step; its values stay 0.

    Source: Frantar et al. 2023 (GPTQ), the asymmetric grid of the published code.
    """
    low = np.minimum(weights.min(axis=1), 0.0)
    high = np.maximum(weights.max(axis=1), 0.0)
    levels = 2**bits
    step = (high - low) / (levels - 1)
    step = np.where(step > 0, step, 1.0)  # zeros, or so small that the step is lost: all become 0
    return Grid(step, np.rint(-low / step), levels)


def column_groups(columns: int, group: int) -> list[slice]:
    """Runs of `group` columns that share a grid, the last one shorter; 0: all columns."""
    width = group or columns
    return [slice(start, min(start + width, columns)) for start in range(0, columns, width)]


def round_to_nearest(weights: Float64[ndarray, "out in"], bits: int, group: int = 0) -> Rounded:
    """Each weight at the nearest level of its row's grid.

    Args:
        weights: one row for each output.
        bits: 2 to 16; 2 ** bits levels.
        group: columns that share a grid; 0: the whole row.

    Returns:
        Values within half a step of the weights.

    Raises:
        SpecError: bits or group out of range, NaN or infinity, no column.
    """
    check_rounding(weights, bits, group)
    codes = np.empty(weights.shape, dtype=np.int64)
    values = np.empty(weights.shape)
    for part in column_groups(weights.shape[1], group):
        grid = grid_of(weights[:, part], bits)
        for i in range(part.start, part.stop):
            codes[:, i] = grid.codes(weights[:, i])
            values[:, i] = grid.values(codes[:, i])
    return Rounded(values, codes, 2**bits)


def check_rounding(weights: Float64[ndarray, "out in"], bits: int, group: int) -> None:
    """Refuse what cannot be rounded.

    Raises:
        SpecError: as `round_to_nearest`.
    """
    if not LEAST_BITS <= bits <= MOST_BITS:
        raise SpecError(f"bits is {bits}", f"give {LEAST_BITS} to {MOST_BITS}")
    if group < 0:
        raise SpecError(f"group is {group}", "give a number of columns, or 0 for the whole row")
    if weights.size == 0:
        raise SpecError(f"a matrix of shape {weights.shape} has no weight", "give one that has")
    if not np.isfinite(weights).all():
        raise SpecError("the matrix to be rounded holds NaN or infinity", "look for it in the model's weights")
