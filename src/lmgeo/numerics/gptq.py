"""GPTQ: rounding a layer's weights so that its outputs, not its weights, change little."""

from __future__ import annotations

import numpy as np

from lmgeo.core.arrays import Float64, Int, ndarray
from lmgeo.core.errors import SpecError
from lmgeo.numerics.rounding import Grid, Rounded, check_rounding, grid_of

DAMPENING = 0.01  # of the mean diagonal, as published
_LAZY = 128  # columns after which the rest is updated at once, where no group sets the width


def gptq(
    weights: Float64[ndarray, "out in"],
    moments: Float64[ndarray, "in in"],
    bits: int,
    group: int = 0,
    act_order: bool = False,
    dampening: float = DAMPENING,
) -> Rounded:
    """Round column by column; the columns to come make up for each one's error as far as inputs are correlated.

    The layer's output error is tr(E·M·Eᵀ), with E what rounding adds to the weights and M the inputs' second moments.
    A greedy method: the error is usually, not always, below that of `round_to_nearest`, whose
    levels these are (with groups: a group's grid is made when its first column is reached).
    With uncorrelated inputs (M diagonal) nothing can be made up for and the two agree. An input that is always 0
    has its weights rounded to nearest.

    Args:
        weights: one row for each output.
        moments: E[x·xᵀ] of the inputs, to any scale.
        bits: 2 to 16; 2 ** bits levels.
        group: columns that share a grid, in the order in which they are rounded; 0: the whole row.
        act_order: largest second moment first, rather than as they stand.
        dampening: share of the mean diagonal that is added to the diagonal, above 0.

    Raises:
        SpecError: as `round_to_nearest`; moments that are not finite or those of no inputs.

    Source: Frantar, Ashkboos, Hoefler, Alistarh 2023, "GPTQ", algorithm 1 and the published code.
    """
    check_rounding(weights, bits, group)
    _check_moments(moments, dampening)
    order = np.argsort(-np.diag(moments), kind="stable") if act_order else np.arange(weights.shape[1])
    share = _shares(moments[np.ix_(order, order)], dampening)
    rounded = _in_order(weights[:, order], share, bits, group)
    back = np.argsort(order)
    return Rounded(rounded.values[:, back], rounded.codes[:, back], rounded.levels)


def _check_moments(moments: Float64[ndarray, "in in"], dampening: float) -> None:
    if not np.isfinite(moments).all():
        raise SpecError("the inputs' second moments hold NaN or infinity", "look for it in the model's weights")
    if not dampening > 0:
        raise SpecError(f"dampening is {dampening}", "give a share of the mean diagonal above 0, e.g. 0.01")


def _shares(moments: Float64[ndarray, "in in"], dampening: float) -> Float64[ndarray, "in in"]:
    """U, upper triangular, with UᵀU the inverse of the damped moments.

    Row i over its diagonal is what each later column takes over of column i's error. The factor 2 of the
    published Hessian changes none of these ratios. U is the inverse of an upper factor R of the moments
    (M = R·Rᵀ), which spares inverting M itself.
    """
    from scipy.linalg import solve_triangular

    damped = moments.copy()
    diagonal = np.diag(moments)
    dead = diagonal <= 0
    live = float(diagonal[~dead].mean()) if not dead.all() else 1.0
    damped[dead, :], damped[:, dead] = 0.0, 0.0
    damped[np.diag_indices_from(damped)] = np.where(dead, live, diagonal + dampening * live)
    try:
        factor = np.linalg.cholesky(damped[::-1, ::-1])[::-1, ::-1]
    except np.linalg.LinAlgError as error:
        raise SpecError("the moments are those of no inputs (an eigenvalue is negative)", "give E[x·xᵀ]") from error
    return solve_triangular(factor, np.eye(len(damped)), lower=False)


def _in_order(weights: Float64[ndarray, "out in"], share: Float64[ndarray, "in in"], bits: int, group: int) -> Rounded:
    """Block by block; a block's errors reach the columns behind it in one product.

    A block is a group where there are groups, so that a group's columns are up to date when its grid is made.
    """
    rest = weights.copy()
    codes = np.empty(weights.shape, dtype=np.int64)
    values = np.empty(weights.shape)
    grid = grid_of(weights, bits)
    columns = weights.shape[1]
    width = group or _LAZY
    for start in range(0, columns, width):
        part = slice(start, min(start + width, columns))
        if group:
            grid = grid_of(rest[:, part], bits)
        codes[:, part], values[:, part], errors = _block(rest[:, part], share[part, part], grid)
        rest[:, part.stop :] -= errors @ share[part, part.stop :]
    return Rounded(values, codes, 2**bits)


def _block(
    weights: Float64[ndarray, "out b"], share: Float64[ndarray, "b b"], grid: Grid
) -> tuple[Int[ndarray, "out b"], Float64[ndarray, "out b"], Float64[ndarray, "out b"]]:
    """Codes, values and errors (each over its column's own share) of neighbouring columns."""
    rest = weights.copy()
    codes = np.empty(weights.shape, dtype=np.int64)
    values, errors = np.empty(weights.shape), np.empty(weights.shape)
    for i in range(weights.shape[1]):
        codes[:, i] = grid.codes(rest[:, i])
        values[:, i] = grid.values(codes[:, i])
        errors[:, i] = (rest[:, i] - values[:, i]) / share[i, i]
        rest[:, i + 1 :] -= np.outer(errors[:, i], share[i, i + 1 :])
    return codes, values, errors
