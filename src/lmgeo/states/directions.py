"""The sum of unit vectors: all that the mean cosine needs, without pairs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, final

import numpy as np

from lmgeo.core.arrays import Float, Float64, ndarray
from lmgeo.numerics.moments import row_chunks
from lmgeo.states.batch import RowBatch
from lmgeo.states.state import check_alike, check_batch


@final
@dataclass
class Directions:
    """Mergeable sum of x/‖x‖ over the rows that have a direction.

    Attributes:
        count: rows with a direction.
        zero_rows: rows of zeros, dropped.
        unit_sum: Σ x/‖x‖ in float64.
    """

    count: int
    zero_rows: int
    unit_sum: Float64[ndarray, " d"]

    @classmethod
    def empty(cls, d: int) -> Directions:
        """No rows of d columns."""
        return Directions(0, 0, np.zeros(d))

    @property
    def n(self) -> int:
        """Rows taken in, zero ones included."""
        return self.count + self.zero_rows

    @property
    def d(self) -> int:
        """Columns."""
        return len(self.unit_sum)

    @property
    def settings(self) -> dict[str, Any]:
        """What two must share to be merged."""
        return {"d": self.d}

    def update(self, batch: RowBatch) -> None:
        """Take rows in."""
        check_batch(self, batch)
        for part in row_chunks(len(batch), batch.d):
            kept, total = _unit_sum(batch.rows[part])
            self.count += kept
            self.zero_rows += part.stop - part.start - kept
            self.unit_sum = self.unit_sum + total

    def merge(self, other: Directions) -> Directions:
        """The directions of both clouds together."""
        check_alike(self, other)
        return Directions(self.count + other.count, self.zero_rows + other.zero_rows, self.unit_sum + other.unit_sum)

    def to_arrays(self) -> dict[str, ndarray]:
        """Copies of everything it holds."""
        return {
            "count": np.array(self.count),
            "zero_rows": np.array(self.zero_rows),
            "unit_sum": self.unit_sum.copy(),
        }

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, ndarray]) -> Directions:
        """The inverse of `to_arrays`."""
        return Directions(int(arrays["count"]), int(arrays["zero_rows"]), arrays["unit_sum"].copy())


def _unit_sum(rows: Float[ndarray, "n d"]) -> tuple[int, Float64[ndarray, " d"]]:
    """How many rows are not zero, and the sum of their unit vectors."""
    # relative to each row's greatest entry first: squares of 1e200 or 1e-200 are out of float64
    greatest = np.abs(rows).max(axis=1, initial=0.0)
    kept = greatest > 0
    exact = rows[kept].astype(np.float64)
    exact /= greatest[kept, None]
    lengths = np.sqrt(np.einsum("nd,nd->n", exact, exact))
    return len(exact), (1.0 / lengths) @ exact
