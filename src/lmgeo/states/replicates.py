"""The states that a measure's spread is taken over."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np


@dataclass(frozen=True)
class Replicates:
    """States like the one at hand, of which a measure is taken again.

    Attributes:
        states: of the same class.
        factor: what the standard deviation (ddof 1) of their values is to be multiplied by for the
            standard error of the value of the whole.
        how: in words.
        sample: rows of each and of the whole, where each is a sample of its own.
    """

    states: Sequence[Any]
    factor: float
    how: str
    sample: tuple[int, int] | None = None

    @classmethod
    def leave_one_out(cls, states: Sequence[Any]) -> Replicates:
        """The whole without each of g groups in turn: the delete-a-group jackknife (Quenouille, Tukey)."""
        g = len(states)
        return cls(states, (g - 1) / math.sqrt(g), f"jackknife over {g} groups of sequences")

    @classmethod
    def subsamples(cls, states: Sequence[Any], rows: int, n: int) -> Replicates:
        """Disjoint samples of about `rows` of the n rows; the spread goes with one over the root of the rows."""
        how = f"{len(states)} groups of sequences, {rows} rows each"
        return cls(states, math.sqrt(rows / n), how, (rows, n))

    def error(self, values: Sequence[float], extremes: bool) -> tuple[float, str]:
        """The standard error that the states' values tell, and how, in words.

        Args:
            values: one of each state.
            extremes: whether the measure hangs on the farthest rows. These are hardly surer among many
                rows than among few, so the spread of samples then stands for the whole's as it is.
        """
        spread = float(np.std(values, ddof=1))
        if self.sample is None:
            return spread * self.factor, self.how
        if extremes:
            return spread, f"{self.how}, not scaled: extremes hardly settle"
        return spread * self.factor, f"{self.how}, scaled to {self.sample[1]}"
