"""Distances of a cloud's rows to their nearest neighbours, searched once for all measures that read them."""

from __future__ import annotations

from typing import Any, ClassVar, final

import numpy as np

from lmgeo.core.arrays import Float64, ndarray
from lmgeo.core.errors import NotEnoughData
from lmgeo.core.once import made_once
from lmgeo.numerics.moments import row_chunks
from lmgeo.numerics.neighbours import first_occurrences, nearest_distances
from lmgeo.numerics.reach import within_reach
from lmgeo.states.rows import Rows

MOST_ROWS = 32_768  # distinct ones: the search takes time with their square
LEAST_SEARCHED = 20  # neighbours: what intrinsic dimensions read
MOST_SEARCHED = 100


@final
class Neighbours:
    """Nearest neighbours among the distinct rows, or a sample of them; derived from `Rows`.

    Equal rows count once: their distance of zero has no logarithm. Of more than `MOST_ROWS`
    distinct rows those of smallest hash are taken, so a smaller sample is part of a greater one.
    The search is for as many neighbours as any measure reads.

    Args:
        rows: distinct ones.
        duplicates: rows that equal another one kept.
        left_out: rows of the cloud that are neither.
    """

    source: ClassVar[type] = Rows

    def __init__(self, rows: ndarray, duplicates: int, left_out: int) -> None:
        self._rows = rows
        self.duplicates = duplicates
        self.left_out = left_out

    @classmethod
    def of(cls, source: Rows) -> Neighbours:
        """The neighbours among the distinct rows of a sample."""
        first = first_occurrences(source.matrix())
        chosen = _distinct(source, first).sample(MOST_ROWS)
        duplicates = source.n - len(first)
        return cls(chosen.matrix(), duplicates, source.seen - duplicates - chosen.n)

    @property
    def n(self) -> int:
        """Distinct rows used."""
        return len(self._rows)

    @property
    def d(self) -> int:
        """Columns."""
        return int(self._rows.shape[1])

    @property
    def details(self) -> dict[str, Any]:
        """Rows that were set aside, where there are any."""
        counts = {"duplicates": self.duplicates, "rows_left_out": self.left_out}
        found: dict[str, Any] = {name: count for name, count in counts.items() if count}
        return {**found, "distinct_rows": self.n} if found else found

    @property
    def overlap_neighbours(self) -> int:
        """5d, but at most 100: the neighbour that the first one is compared with."""
        return min(5 * self.d, MOST_SEARCHED)

    @made_once
    def total_variance(self) -> float:
        """Sum of the columns' variances (ddof 1) over the distinct rows, in the units of `distances` squared."""
        rows = self._near
        first = rows[0].astype(np.float64)
        total, squares = np.zeros(self.d), 0.0
        for part in row_chunks(*rows.shape):
            steps = rows[part] - first
            total += steps.sum(axis=0)
        mean = first + total / self.n
        for part in row_chunks(*rows.shape):
            squares += float(np.square(rows[part] - mean).sum())
        return squares / (self.n - 1)

    def distances(self, k: int) -> Float64[ndarray, "n k"]:
        """Of each row to its k nearest others, ascending, all in one unit of no meaning.

        Raises:
            NotEnoughData: not more than k distinct rows, or rows too near to one another beside the
                farthest for float64 to tell them apart.
        """
        if self.n <= k:
            raise NotEnoughData(f"{self.n} distinct row(s) have no {k} neighbours", f"give more than {k} distinct rows")
        return self._searched[:, :k]

    @made_once
    def _near(self) -> ndarray:
        return within_reach(self._rows)

    @made_once
    def _searched(self) -> Float64[ndarray, "n k"]:
        k = min(max(LEAST_SEARCHED, self.overlap_neighbours), self.n - 1)
        found = nearest_distances(self._near, k)
        if vanishing := int(np.count_nonzero(found[:, 0] == 0.0)):
            raise NotEnoughData(
                f"{vanishing} distinct rows lie so near to another that the square of their distance underflows",
                "leave out the rows that are farthest away",
            )
        return found


def _distinct(source: Rows, first: ndarray) -> Rows:
    if len(first) == source.n:
        return source
    distinct = Rows.empty(source.d, capacity=min(MOST_ROWS, len(first)), seed=source.seed)
    distinct.update(source.kept().take(first))
    return distinct
