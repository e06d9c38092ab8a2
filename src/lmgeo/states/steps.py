"""The angles at which sequences turn, summed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, final

import numpy as np

from lmgeo.core.arrays import Float64, Int, ndarray
from lmgeo.numerics.turning import turning_angles
from lmgeo.states.batch import RowBatch
from lmgeo.states.groups import GROUPS
from lmgeo.states.replicates import Replicates
from lmgeo.states.state import check_alike, check_batch


@final
@dataclass
class Steps:
    """Mergeable sum of the angles between successive steps within a sequence.

    A sequence must come whole, in one batch: how it goes on across a cut is not remembered.

    Attributes:
        width: columns.
        rows: rows taken in.
        still: steps without length, at either end of which there is no angle.
        turns: angles of each group of sequences.
        angles: their sum, in radians.
    """

    whole_sequences: ClassVar[bool] = True

    width: int
    rows: int
    still: int
    turns: Int[ndarray, " g"]
    angles: Float64[ndarray, " g"]

    @classmethod
    def empty(cls, d: int, *, groups: int = GROUPS) -> Steps:
        """No rows of d columns."""
        return Steps(d, 0, 0, np.zeros(groups, np.int64), np.zeros(groups))

    @property
    def n(self) -> int:
        """Rows taken in."""
        return self.rows

    @property
    def d(self) -> int:
        """Columns."""
        return self.width

    @property
    def settings(self) -> dict[str, Any]:
        """What two must share to be merged."""
        return {"d": self.d, "groups": len(self.turns)}

    def update(self, batch: RowBatch) -> None:
        """Take the rows of whole sequences in, in any order."""
        check_batch(self, batch)
        order = np.lexsort((batch.position, batch.sequence))
        angles, sequence, still = turning_angles(batch.array[order], batch.sequence[order])
        groups = sequence % len(self.turns)
        self.rows += len(batch)
        self.still += still
        self.turns += np.bincount(groups, minlength=len(self.turns))
        self.angles += np.bincount(groups, angles, minlength=len(self.turns))

    def merge(self, other: Steps) -> Steps:
        """The angles of both together."""
        check_alike(self, other)
        counts = (self.rows + other.rows, self.still + other.still)
        return Steps(self.width, *counts, self.turns + other.turns, self.angles + other.angles)

    def to_arrays(self) -> dict[str, ndarray]:
        """Copies of everything it holds."""
        counts = {name: np.array(getattr(self, name)) for name in ("width", "rows", "still")}
        return {**counts, "turns": self.turns.copy(), "angles": self.angles.copy()}

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, ndarray]) -> Steps:
        """The inverse of `to_arrays`."""
        width, rows, still = (int(arrays[name]) for name in ("width", "rows", "still"))
        return Steps(width, rows, still, arrays["turns"].copy(), arrays["angles"].copy())

    def replicates(self) -> Replicates | None:
        """The angles without each group in turn."""
        present = np.flatnonzero(self.turns)
        if len(present) < 2:
            return None
        kept = [np.arange(len(self.turns)) != g for g in present]
        return Replicates.leave_one_out([Steps(self.width, self.rows, 0, self.turns[k], self.angles[k]) for k in kept])
