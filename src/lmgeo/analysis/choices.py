"""Training choices and perturbations as blocks of predictors."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from lmgeo.analysis.columns import is_number, levels, predictor
from lmgeo.analysis.data import Data
from lmgeo.core.arrays import Bool, Float, Int, ndarray

MOST_LEVELS = 30  # of a text choice: more, and it names models instead of telling how they were made
_STEPS = 10  # of a number's curve


@dataclass(frozen=True)
class Choice:
    """One choice over all rows of an analysis.

    Attributes:
        name: its column.
        columns: the values of a number as `predictor` gives them, NaN where missing; or a 0/1 column for
            every level but the first (n, d).
        levels: names of the levels in alphabetical order; empty for a number.
        codes: the level of each row as an index into `levels`; all 0 for a number.
        reason: why it is set aside; None where it is used.
    """

    name: str
    columns: Float[ndarray, "n d"]
    levels: list[str]
    codes: Int[ndarray, " n"]
    reason: str | None = None

    @property
    def kind(self) -> str:
        """`number` or `levels`."""
        return "levels" if self.levels else "number"

    @property
    def width(self) -> int:
        """How many predictors it is."""
        return self.columns.shape[1]

    def curve(self, rows: Bool[ndarray, " n"]) -> Float[ndarray, "r c"]:
        """0/1 columns that follow a number wherever it goes.

        One for every value but the first, or for every tenth of the rows where it has more than ten
        values; columns that are not needed are zero. None for levels.

        Args:
            rows: complete rows.
        """
        if self.levels:
            return np.empty((int(rows.sum()), 0))
        values = self.columns[rows, 0]
        distinct = np.unique(values)
        if len(distinct) > _STEPS:
            distinct = np.unique(np.quantile(values, np.arange(_STEPS) / _STEPS, method="lower"))
        of_rows = np.searchsorted(distinct, values, side="right") - 1
        return (of_rows[:, None] == np.arange(1, _STEPS)).astype(np.float64)


def read_choices(data: Data, without: str | None = None) -> list[Choice]:
    """The choices of an analysis that vary, in the order of `Data.choices`.

    Numbers stay numbers; text and truth values are levels, an empty cell being a level of its own
    (a base has no kind of perturbation). Text with a single level beside empty cells is no choice,
    nor is the target. Set aside, with a reason, are numbers with a value in fewer than half of the
    rows and text with more than `MOST_LEVELS` levels.

    Args:
        data: the rows.
        without: a column to leave out.
    """
    names = [name for name in data.choices if name not in (without, data.target_name)]
    found = [_number(data, name) if is_number(data.table[name]) else _levels(data, name) for name in names]
    return [choice for choice in found if choice is not None]


def used(choices: list[Choice]) -> tuple[list[Choice], Bool[ndarray, " n"] | bool]:
    """The choices that are not set aside, and the rows in which each of them has a value."""
    kept = [choice for choice in choices if choice.reason is None]
    return kept, np.all([np.isfinite(c.columns).all(axis=1) for c in kept], axis=0)


def _number(data: Data, name: str) -> Choice | None:
    values = predictor(data.table, name)
    filled = int(np.isfinite(values).sum())
    reason = f"it has a value in {filled} of {data.n} rows" if filled * 2 < data.n else None
    return Choice(name, values[:, None], [], np.zeros(data.n, np.int64), reason)


def _levels(data: Data, name: str) -> Choice | None:
    found: list[Any] = levels(data.table[name]).tolist()
    known = sorted(set(found))
    if len(set(known) - {""}) < 2:
        return None
    place = {level: i for i, level in enumerate(known)}
    codes = np.array([place[level] for level in found], dtype=np.int64)
    if len(known) > MOST_LEVELS:
        reason = f"{len(known)} levels; at most {MOST_LEVELS} are compared"
        return Choice(name, np.empty((data.n, 0)), known, codes, reason)
    columns = (codes[:, None] == np.arange(1, len(known))).astype(np.float64)
    return Choice(name, columns, known, codes)
