"""Distances to the nearest other rows, exact to rounding however close the rows or far their mean.

Candidates come from matrix products, which lose digits; but what they lose is bounded, so for
each row it is known whether every neighbour is among its candidates. Rows of which it is not
are searched again in higher precision, and at last among all rows that the bounds leave.
Distances themselves are sums of squared differences in float64, for which no mean matters.
"""

from __future__ import annotations

import hashlib
import math
from dataclasses import dataclass
from functools import partial

import numpy as np

from lmgeo.core.arrays import Bool, Float, Float64, Int, ndarray
from lmgeo.numerics.moments import row_chunks
from lmgeo.numerics.threads import in_threads

SPARE = 8  # candidates beyond the k wanted: the fewer, the more rows are searched again
TIED = 1e-9  # relative: neighbours nearer to one another than this count as equally far
_BLOCK_VALUES = 8_000_000  # of bounds at once in each thread
_PIECE_VALUES = 65_536  # of differences at once: they stay in a core's cache
_LARGEST_GROUP = 32  # columns whose least bound stands for them in a first selection

Precision = type[np.float32] | type[np.float64]
PRECISIONS: tuple[Precision, ...] = (np.float32, np.float64)


def first_occurrences(rows: Float[ndarray, "n d"]) -> Int[ndarray, " m"]:
    """Which rows differ from every earlier one, exactly; +0 and −0 are equal."""
    first: dict[bytes, int] = {}
    for part in row_chunks(*rows.shape):
        for i, row in enumerate(np.add(rows[part], 0.0, order="C"), part.start):  # −0 + 0 = +0
            first.setdefault(hashlib.blake2b(row.data, digest_size=16).digest(), i)
    return np.fromiter(first.values(), np.int64, len(first))


def nearest_distances(rows: Float[ndarray, "n d"], k: int) -> Float64[ndarray, "n k"]:
    """Euclidean distances of each row to its k < n nearest others, ascending.

    Args:
        rows: distinct; float32, or float64 of a size whose squares do not overflow (see `within_reach`).
        k: neighbours, 1 … n − 1.
    """
    squares = np.empty((len(rows), k))
    unsure = np.arange(len(rows))
    for precision in PRECISIONS:
        bounds = _Bounds.of(rows, precision)
        searched = in_threads(partial(_among_candidates, rows, bounds, k), _blocks(unsure, len(rows)))
        squares[unsure] = np.concatenate([found for found, _ in searched])
        unsure = unsure[~np.concatenate([sure for _, sure in searched])]
        if len(unsure) == 0:
            return np.sqrt(squares)
    rest = in_threads(lambda chosen: _among_possible(rows, bounds, chosen, squares[chosen]), _blocks(unsure, len(rows)))
    squares[unsure] = np.concatenate(rest)
    return np.sqrt(squares)


@dataclass(frozen=True)
class _Bounds:
    """Lower bounds of squared distances: b(i, j) = left[i] · right[j] + own[i], in units of 4^exponent.

    With u the unit roundoff, a product of p + 1 terms is off by less than (p + 1)·u of what its
    terms come to, rows themselves by u of their length: together less than (d + 16)·2u of the two
    squared lengths, which are shortened by as much. `right` ends in columns that stand for no row.
    """

    left: Float[ndarray, "n p"]
    right: Float[ndarray, "p m"]
    own: Float64[ndarray, " n"]
    exponent: int

    @classmethod
    def of(cls, rows: Float[ndarray, "n d"], precision: Precision) -> _Bounds:
        n, d = rows.shape
        # the coordinates' medians of a few rows: one row far away does not move this centre
        centre = np.median(rows[:: max(1, n // 1024)].astype(np.float64), axis=0)
        exponent = math.frexp(max(float(np.abs(rows[part] - centre).max()) for part in row_chunks(n, d)))[1]
        left = np.ones((n, d + 1), precision)
        own = np.empty(n)
        limits = np.finfo(precision)
        for part in row_chunks(n, d):
            near = np.ldexp(np.subtract(rows[part], centre, dtype=np.float64), -exponent).astype(precision)
            own[part] = np.einsum("nd,nd->n", near, near, dtype=np.float64)
            np.multiply(near, -2, out=left[part, :d])
        own *= 1.0 - (d + 16) * float(limits.eps)
        own -= d * float(limits.tiny) * 64  # what underflows
        return cls(left, _columns(left, own), own, exponent)

    def block(self, chosen: Int[ndarray, " b"]) -> Float[ndarray, "b m"]:
        """The bounds of some rows, less their own part; infinite for the row itself."""
        found = self.left[chosen] @ self.right
        found[np.arange(len(chosen)), chosen] = np.inf
        return found

    def in_full(self, chosen: Int[ndarray, " b"], values: Float[ndarray, "b k"]) -> Float64[ndarray, "b k"]:
        """Values of a block with their row's own part, in the units of the rows."""
        return np.ldexp(values + self.own[chosen, None], 2 * self.exponent)


def _columns(left: Float[ndarray, "n p"], own: Float64[ndarray, " n"]) -> Float[ndarray, "p m"]:
    """The factor that goes with `left`, with columns of infinity up to a multiple of the largest group."""
    n, p = left.shape
    right = np.zeros((p, n + -n % _LARGEST_GROUP), left.dtype)
    np.multiply(left[:, :-1].T, -0.5, out=right[:-1, :n])
    right[-1] = np.inf
    right[-1, :n] = own
    return right


def _blocks(chosen: Int[ndarray, " c"], n: int) -> list[Int[ndarray, " b"]]:
    step = max(1, _BLOCK_VALUES // n)
    return [chosen[start : start + step] for start in range(0, len(chosen), step)]


def _among_candidates(
    rows: Float[ndarray, "n d"], bounds: _Bounds, k: int, chosen: Int[ndarray, " b"]
) -> tuple[Float64[ndarray, "b k"], Bool[ndarray, " b"]]:
    """Squared distances to the k nearest of the k + SPARE rows of least bound, and whether no other can be nearer."""
    n = len(rows)
    m = min(k + SPARE, n - 1)
    columns, last = _least(bounds.block(chosen), m)
    found = _squares(rows, chosen, columns)
    found.sort(axis=1)
    nearest = found[:, :k]
    # a row left out is no nearer than the last bound kept
    sure = bounds.in_full(chosen, last)[:, 0] >= nearest[:, -1] * (1.0 - TIED)
    return nearest, sure | (m == n - 1)


def _least(block: Float[ndarray, "b c"], m: int) -> tuple[Int[ndarray, "b m"], Float[ndarray, "b 1"]]:
    """The columns of the m least values of each row, and the greatest of these values.

    Every g-th column makes a group; the m least are all in the m groups of least minimum, so that
    few values are looked at twice.
    """
    b, c = block.shape
    size = 1 << max(0, min(_LARGEST_GROUP, c // (16 * m)).bit_length() - 1)  # a power of two divides c
    grouped = block.reshape(b, size, c // size)
    groups = np.argpartition(grouped.min(axis=1), m - 1, axis=1)[:, :m]
    columns = (groups[:, None, :] + np.arange(size)[:, None] * (c // size)).reshape(b, -1)
    values = np.take_along_axis(block, columns, axis=1)
    place = np.argpartition(values, m - 1, axis=1)[:, :m]
    return np.take_along_axis(columns, place, axis=1), np.take_along_axis(values, place[:, -1:], axis=1)


def _squares(
    rows: Float[ndarray, "n d"], chosen: Int[ndarray, " b"], columns: Int[ndarray, "b m"]
) -> Float64[ndarray, "b m"]:
    """Squared distances of each chosen row to the rows of its columns."""
    found = np.empty(columns.shape)
    step = max(1, _PIECE_VALUES // (columns.shape[1] * rows.shape[1]))
    for start in range(0, len(chosen), step):
        part = slice(start, start + step)
        differences = np.subtract(rows[columns[part]], rows[chosen[part], None], dtype=np.float64)
        np.einsum("bmd,bmd->bm", differences, differences, out=found[part])
    return found


def _among_possible(
    rows: Float[ndarray, "n d"], bounds: _Bounds, chosen: Int[ndarray, " b"], at_most: Float64[ndarray, "b k"]
) -> Float64[ndarray, "b k"]:
    """Squared distances to the nearest rows, given k that the k-th nearest is no farther than."""
    nearest = np.empty(at_most.shape)
    full = bounds.in_full(chosen, bounds.block(chosen))
    for i, row in enumerate(chosen):
        possible = np.flatnonzero(full[i] <= at_most[i, -1])
        pieces = np.array_split(possible, 1 + len(possible) * rows.shape[1] // _PIECE_VALUES)
        found = np.concatenate([_squares(rows, row[None], piece[None])[0] for piece in pieces])
        nearest[i] = np.sort(found)[: at_most.shape[1]]
    return nearest
