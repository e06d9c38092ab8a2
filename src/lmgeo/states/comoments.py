"""Joint moments of two clouds whose rows pair: all that similarity measures need."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import reduce
from typing import Any, final

import numpy as np

from lmgeo.core.arrays import Float64, Int, Shaped, ndarray
from lmgeo.core.errors import NotEnoughData, SpecError
from lmgeo.numerics.conversion import as_floats
from lmgeo.numerics.moments import row_chunks
from lmgeo.numerics.similarity import Joint, is_sound, joint_moments, merge_joint
from lmgeo.states.batch import RowBatch
from lmgeo.states.groups import GROUPS, rows_by_group
from lmgeo.states.replicates import Replicates
from lmgeo.states.state import check_alike, check_batch

_MOST_BYTES = 2**30


@final
@dataclass
class CoMoments:
    """Mergeable joint moments of rows [x | y] in float64, apart for each group of sequences.

    Attributes:
        left: columns of x; the others are y's.
        counts, means, scatters, thirds, fourths: of each group, as in `Joint`.
    """

    left: int
    counts: Int[ndarray, " g"]
    means: Float64[ndarray, "g d"]
    scatters: Float64[ndarray, "g d d"]
    thirds: Float64[ndarray, "g 2 d"]
    fourths: Float64[ndarray, "g 2 2"]

    @classmethod
    def empty(cls, d: int, *, left: int | None = None, groups: int | None = None) -> CoMoments:
        """No rows of d columns.

        Args:
            d: columns of both sides together.
            left: how many of them, the first, are x's; None: half.
            groups: of sequences; None: as usual, or one, without a spread, where their sums would fill a gigabyte.

        Raises:
            SpecError: a side without columns.
        """
        split = d // 2 if left is None else left
        if not 0 < split < d:
            raise SpecError(f"{split} of {d} columns for one side", "give both sides a column or more")
        g = groups or (GROUPS if GROUPS * d * d * 8 <= _MOST_BYTES else 1)
        sums = (np.zeros((g, d)), np.zeros((g, d, d)), np.zeros((g, 2, d)), np.zeros((g, 2, 2)))
        return CoMoments(split, np.zeros(g, np.int64), *sums)

    @classmethod
    def of_clouds(cls, X: Shaped[ndarray, "n p"], Y: Shaped[ndarray, "n q"]) -> CoMoments:
        """The rows of two clouds in hand, paired in their order; they may be larger than memory."""
        width = X.shape[1] + Y.shape[1]
        state = CoMoments.empty(width, left=X.shape[1])
        for part in row_chunks(len(X), width):
            rows = np.concatenate([as_floats(X[part]), as_floats(Y[part])], axis=1)
            state.update(RowBatch.of_cloud(rows, part.start))
        return state

    @property
    def n(self) -> int:
        """Pairs of rows taken in."""
        return int(self.counts.sum())

    @property
    def d(self) -> int:
        """Columns of both sides together."""
        return int(self.means.shape[1])

    @property
    def settings(self) -> dict[str, Any]:
        """What two must share to be merged."""
        return {"d": self.d, "left": self.left, "groups": len(self.counts)}

    def update(self, batch: RowBatch) -> None:
        """Take pairs of rows in, each pair side by side in one row."""
        check_batch(self, batch)
        for g, rows in rows_by_group(batch, len(self.counts)):
            array = rows if isinstance(rows, np.ndarray) else rows.cpu().numpy()
            self._set(g, merge_joint(self._part(g), joint_moments(array, self.left)))

    def merge(self, other: CoMoments) -> CoMoments:
        """The joint moments of all pairs."""
        check_alike(self, other)
        both = CoMoments.empty(self.d, left=self.left, groups=len(self.counts))
        for g in range(len(self.counts)):
            both._set(g, merge_joint(self._part(g), other._part(g)))
        return both

    def to_arrays(self) -> dict[str, ndarray]:
        """Copies of everything it holds."""
        names = ("counts", "means", "scatters", "thirds", "fourths")
        return {"left": np.array(self.left), **{name: getattr(self, name).copy() for name in names}}

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, ndarray]) -> CoMoments:
        """The inverse of `to_arrays`."""
        names = ("counts", "means", "scatters", "thirds", "fourths")
        return CoMoments(int(arrays["left"]), *(arrays[name].copy() for name in names))

    def joint(self) -> Joint:
        """The moments of all pairs.

        Raises:
            NotEnoughData: fewer than four pairs, equal rows on a side, or sums that float64 cannot hold.
        """
        total = self._sum(range(len(self.counts)))
        if total.n < 4:
            raise NotEnoughData(f"{total.n} pair(s) of rows", "give at least 4")
        if (total.squares == 0).any():
            side = "second" if total.squares[0] else "first"
            equal = f"all {total.n} rows of the {side} cloud are equal, as far as float64 squares tell"
            raise NotEnoughData(equal, "give rows that differ")
        if not is_sound(total):
            raise NotEnoughData("fourth powers of these values are out of float64", "scale the rows to about 1")
        return total

    def replicates(self) -> Replicates | None:
        """The moments without each group in turn."""
        present = [int(g) for g in np.flatnonzero(self.counts)]
        if len(present) < 2:
            return None
        return Replicates.leave_one_out([self._only([h for h in present if h != g]) for g in present])

    def _only(self, groups: list[int]) -> CoMoments:
        one = CoMoments.empty(self.d, left=self.left, groups=1)
        one._set(0, self._sum(groups))
        return one

    def _sum(self, groups: list[int] | range) -> Joint:
        return reduce(merge_joint, map(self._part, groups), Joint.empty(self.d, self.left))

    def _part(self, g: int) -> Joint:
        moments = (self.means[g], self.scatters[g], self.thirds[g], self.fourths[g])
        return Joint(int(self.counts[g]), self.left, *moments)

    def _set(self, g: int, part: Joint) -> None:
        self.counts[g] = part.n
        self.means[g], self.scatters[g], self.thirds[g], self.fourths[g] = (
            part.mean, part.scatter, part.thirds, part.fourths,
        )  # fmt: skip
