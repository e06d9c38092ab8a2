"""When a monitor warns, in plain words, and once an episode."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from lmgeo.numerics.late_rise import LateRise
from lmgeo.numerics.rise_watch import IN_A_ROW, settled_from, watched_rise

Row = Mapping[str, Any]
LOSS = "score.loss"
RANKS = ("effective_rank", "effective_rank_pct", "rankme")  # the first of them that an object has is watched


class Alarms:
    """Remembers which warnings stand, so that each is given once until it is over.

    Args:
        rise: the least rise of the loss, as a share of its best.
        collapse: the least fall of a rank, as a share of its best.
    """

    def __init__(self, rise: float, collapse: float) -> None:
        self._rise, self._collapse = rise, collapse
        self._standing: set[str] = set()

    def new(self, rows: Sequence[Row], faults: Sequence[str], after: int) -> list[str]:
        """The warnings that were not there at the look before, as sentences.

        Args:
            rows: all looks so far.
            faults: what is wrong with the last one.
            after: step from which ranks are watched.
        """
        now = {fault: fault for fault in faults} | self._rises(rows, after)
        fresh = [text for what, text in now.items() if what not in self._standing]
        self._standing = set(now)
        return [f"step {rows[-1]['step']}: {text}" for text in fresh]

    def _rises(self, rows: Sequence[Row], after: int) -> dict[str, str]:
        watched = [row for row in rows if row["step"] >= after]
        found = {column: self._collapsed(watched, column) for column in _rank_columns(rows[-1])} if watched else {}
        found = {LOSS: self._late_rise(rows), **found}
        return {column: text for column, text in found.items() if text is not None}

    def _late_rise(self, rows: Sequence[Row]) -> str | None:
        steps, values = _course(rows, LOSS)
        if rows[-1].get(LOSS) is None or not (found := watched_rise(steps, values, share=self._rise)).found:
            return None
        return f"the loss has risen late, {_amount(found)}"

    def _collapsed(self, rows: Sequence[Row], column: str) -> str | None:
        """A fall after the one that training begins with: from random weights to the first that were learnt."""
        steps, values = _course(rows, column)
        start = settled_from(values, self._collapse)
        if rows[-1][column] is None or start is None:
            return None
        found = watched_rise(steps[start:], values[start:], worse_is_up=False, share=self._collapse)
        place, _, rank = column.rpartition(".")
        return f"{rank} of {place} has collapsed, {_amount(found)}" if found.found else None


def _rank_columns(row: Row) -> list[str]:
    """One rank of each object."""
    first: dict[str, str] = {}
    for rank in RANKS:
        for column in row:
            place, _, name = column.rpartition(".")
            if name == rank:
                first.setdefault(place, column)
    return list(first.values())


def _course(rows: Sequence[Row], column: str) -> tuple[np.ndarray, np.ndarray]:
    there = [(row["step"], row[column]) for row in rows if row.get(column) is not None]
    table = np.array(there, dtype=np.float64).reshape(-1, 2)
    return table[:, 0], table[:, 1]


def _amount(found: LateRise) -> str:
    """How far it went, in words."""
    size = f"{found.rise / abs(found.best):.0%}, {found.rise_over_noise:.0f} times its noise"
    best = f"{found.best:.4g} (its best, at step {found.best_step:g})"
    return f"from {best} to {found.last:.4g}: by {size}, and so at {IN_A_ROW} looks in a row"
