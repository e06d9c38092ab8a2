"""Mean Gaussian potential of pairs of directions."""

from __future__ import annotations

import math

import numpy as np

from lmgeo.core.arrays import Float, Float64, Int, ndarray
from lmgeo.numerics.moments import row_chunks
from lmgeo.numerics.threads import in_threads

MOST_PAIRS = 1_000_000
_PIECE_VALUES = 131_072  # gathered at once: they stay in a core's cache
_REACH = 2.0**400  # of a row's greatest entry, or one over it: squares up to there are safe in float64


def log_mean_potential(rows: Float[ndarray, "n d"], random: np.random.Generator) -> tuple[float, int]:
    """log mean exp(−2‖x̂ᵢ − x̂ⱼ‖²) over ordered pairs i ≠ j of rows that are not zero, x̂ = x/‖x‖.

    Args:
        rows: at least two, none of them zero.
        random: of the pairs, where there are more than `MOST_PAIRS`.

    Returns:
        The value, −8 … 0, and how many pairs it is over: all, or `MOST_PAIRS` drawn with replacement.

    Source: Wang & Isola 2020, with t = 2.
    """
    n = len(rows)
    rows = _within_reach(rows)
    lengths = _lengths(rows)
    if n * (n - 1) <= MOST_PAIRS:
        units = rows / lengths[:, None]
        potentials = _potentials(units @ units.T)
        total, pairs = float(potentials.sum() - np.trace(potentials)), n * (n - 1)
    else:
        first = np.sort(random.integers(0, n, MOST_PAIRS))  # in order, they are read in order
        second = random.integers(0, n - 1, MOST_PAIRS)
        second += second >= first
        step = max(1, _PIECE_VALUES // rows.shape[1])
        parts = [slice(start, start + step) for start in range(0, MOST_PAIRS, step)]
        sums = in_threads(lambda part: _sum_over_pairs(rows, lengths, first[part], second[part]), parts)
        total, pairs = math.fsum(sums), MOST_PAIRS
    return min(math.log(total / pairs), 0.0), pairs


def _within_reach(rows: Float[ndarray, "n d"]) -> Float[ndarray, "n d"]:
    """The rows, each over its greatest entry where the squares of any would leave float64."""
    greatest = np.maximum(rows.max(axis=1), -rows.min(axis=1)).astype(np.float64)
    if greatest.max() < _REACH and greatest.min() > 1 / _REACH:
        return rows
    return rows / greatest[:, None]


def _lengths(rows: Float[ndarray, "n d"]) -> Float64[ndarray, " n"]:
    parts = (rows[part].astype(np.float64) for part in row_chunks(*rows.shape))
    return np.sqrt(np.concatenate([np.einsum("nd,nd->n", part, part) for part in parts]))


def _sum_over_pairs(
    rows: Float[ndarray, "n d"],
    lengths: Float64[ndarray, " n"],
    first: Int[ndarray, " p"],
    second: Int[ndarray, " p"],
) -> float:
    left, right = (rows[i].astype(np.float64) for i in (first, second))
    cosines = np.einsum("pd,pd->p", left, right) / (lengths[first] * lengths[second])
    return float(_potentials(cosines).sum())


def _potentials(cosines: Float64[ndarray, "*n"]) -> Float64[ndarray, "*n"]:
    """exp(−2‖x̂ − ŷ‖²), with ‖x̂ − ŷ‖² = 2 − 2 cos."""
    return np.exp(4.0 * np.clip(cosines, -1.0, 1.0) - 4.0)
