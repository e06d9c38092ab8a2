"""The sum of unit vectors: all that the mean cosine needs, without pairs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, final

import numpy as np

from lmgeo.core.arrays import Float64, Int, ndarray
from lmgeo.numerics.directions import unit_sum
from lmgeo.states.batch import RowBatch
from lmgeo.states.groups import GROUPS, rows_by_group
from lmgeo.states.replicates import Replicates
from lmgeo.states.state import check_alike, check_batch


@final
@dataclass
class Directions:
    """Mergeable sum of x/‖x‖ over the rows that have a direction, apart for each group of sequences.

    Attributes:
        counts: rows of each group with a direction.
        zeros: rows of zeros of each group, dropped.
        unit_sums: Σ x/‖x‖ of each group in float64.
    """

    counts: Int[ndarray, " g"]
    zeros: Int[ndarray, " g"]
    unit_sums: Float64[ndarray, "g d"]

    @classmethod
    def empty(cls, d: int, *, groups: int = GROUPS) -> Directions:
        """No rows of d columns."""
        return Directions(np.zeros(groups, np.int64), np.zeros(groups, np.int64), np.zeros((groups, d)))

    @property
    def count(self) -> int:
        """Rows with a direction."""
        return int(self.counts.sum())

    @property
    def zero_rows(self) -> int:
        """Rows of zeros."""
        return int(self.zeros.sum())

    @property
    def unit_sum(self) -> Float64[ndarray, " d"]:
        """Σ x/‖x‖ over all rows."""
        return self.unit_sums.sum(axis=0)

    @property
    def n(self) -> int:
        """Rows taken in, zero ones included."""
        return self.count + self.zero_rows

    @property
    def d(self) -> int:
        """Columns."""
        return int(self.unit_sums.shape[1])

    @property
    def settings(self) -> dict[str, Any]:
        """What two must share to be merged."""
        return {"d": self.d, "groups": len(self.counts)}

    def update(self, batch: RowBatch) -> None:
        """Take rows in."""
        check_batch(self, batch)
        for g, rows in rows_by_group(batch, len(self.counts)):
            if isinstance(rows, np.ndarray):
                kept, total = unit_sum(rows)
            else:
                from lmgeo.numerics import torch_sums

                kept, total = torch_sums.unit_sum(rows)
            self.counts[g] += kept
            self.zeros[g] += len(rows) - kept
            self.unit_sums[g] += total

    def merge(self, other: Directions) -> Directions:
        """The directions of both clouds together."""
        check_alike(self, other)
        return Directions(self.counts + other.counts, self.zeros + other.zeros, self.unit_sums + other.unit_sums)

    def to_arrays(self) -> dict[str, ndarray]:
        """Copies of everything it holds."""
        return {"counts": self.counts.copy(), "zeros": self.zeros.copy(), "unit_sums": self.unit_sums.copy()}

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, ndarray]) -> Directions:
        """The inverse of `to_arrays`."""
        return Directions(*(arrays[name].copy() for name in ("counts", "zeros", "unit_sums")))

    def replicates(self) -> Replicates | None:
        """The directions without each group in turn."""
        present = np.flatnonzero(self.counts)
        if len(present) < 2:
            return None
        return Replicates.leave_one_out([self._without(int(g)) for g in present])

    def _without(self, g: int) -> Directions:
        kept = np.arange(len(self.counts)) != g
        return Directions(self.counts[kept], self.zeros[kept], self.unit_sums[kept])
