"""The states that a measure's spread is taken over."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Replicates:
    """States like the one at hand, of which a measure is taken again.

    Attributes:
        states: of the same class.
        factor: what the standard deviation (ddof 1) of their values is to be multiplied by for the
            standard error of the value of the whole.
        how: in words.
    """

    states: Sequence[Any]
    factor: float
    how: str

    @classmethod
    def leave_one_out(cls, states: Sequence[Any]) -> Replicates:
        """The whole without each of g groups in turn: the delete-a-group jackknife (Quenouille, Tukey)."""
        g = len(states)
        return cls(states, (g - 1) / math.sqrt(g), f"jackknife over {g} groups of sequences")

    @classmethod
    def subsamples(cls, states: Sequence[Any], rows: int, n: int) -> Replicates:
        """Disjoint samples of about `rows` of the n rows; the spread goes with one over the root of the rows."""
        return cls(states, math.sqrt(rows / n), f"{len(states)} groups of sequences, {rows} rows each, scaled to {n}")
