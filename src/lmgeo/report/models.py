"""The models of a page: every column of the table, compact, with the place each value came from."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from lmgeo.analysis.columns import FACTORS, OF_TRAINING, TRAINING_CHOICES, is_number
from lmgeo.report.curves import model_names, score_columns
from lmgeo.report.summary import ranked

if TYPE_CHECKING:
    import pandas as pd

_MOST_CELLS = 650_000  # what a page of eight megabytes holds
_WHOLE, _LONG = 60_000, 400_000  # cells up to which numbers are kept whole, or to six digits
LEAST_DIGITS = 5
_MOST_LEVELS = 10


@dataclass(frozen=True)
class Column:
    """One column: its name, its part (`score factor measure spread other`), and its values, None where missing."""

    name: str
    role: str
    is_number: bool
    values: Sequence[Any]

    @property
    def levels(self) -> list[Any]:
        """The values that occur, in order of appearance."""
        return list(dict.fromkeys(v for v in self.values if v is not None))


@dataclass(frozen=True)
class Models:
    """The rows drawn and listed.

    Attributes:
        names: of the models.
        rows: the number of each row in its table, counted from 1.
        columns: scores, factors, measures by strength, then the rest.
        left_out: columns for which the page has no room.
        digits: to which numbers are rounded; None: they are whole.
    """

    names: list[str]
    rows: list[int]
    columns: list[Column]
    left_out: list[str]
    digits: int | None

    def column(self, name: str) -> Column:
        """The column of that name."""
        return next(c for c in self.columns if c.name == name)

    def of(self, *roles: str) -> list[Column]:
        """The columns that play one of these parts."""
        return [c for c in self.columns if c.role in roles]

    def colours(self) -> list[Column]:
        """The columns that can colour a model: factors and scores that vary, names with few levels."""
        first = {"alpha": 0, "family": 1, "base": 2}
        found = [c for c in self.of("factor", "other", "score") if _colourable(c)]
        return sorted(found, key=lambda c: (c.role == "score", first.get(c.name, 3)))

    def choices(self) -> list[Column]:
        """The factors that vary."""
        return [c for c in self.of("factor") if len(c.levels) > 1]


def read_models(table: pd.DataFrame, facts: Mapping[str, Any]) -> Models:
    """The models of a table as analysed.

    Args:
        table: one row a model.
        facts: what `analyze` said of it; says which columns are measures, and how strong.
    """
    roles = _roles(table, facts)
    most = max(1, _MOST_CELLS // max(1, len(table)))
    kept = list(roles)[:most]
    digits = _digits(len(kept) * len(table))
    columns = [_column(table[name], name, roles[name]) for name in kept]
    rows = [number + 1 if isinstance(number, int) else at + 1 for at, number in enumerate(table.index.tolist())]
    return Models(model_names(table), rows, columns, list(roles)[most:], digits)


def _digits(cells: int) -> int | None:
    return None if cells <= _WHOLE else 6 if cells <= _LONG else LEAST_DIGITS


def _roles(table: pd.DataFrame, facts: Mapping[str, Any]) -> dict[str, str]:
    """Each column's part, in the order in which columns are shown."""
    there = [str(name) for name in table.columns if name != "model"]
    measures = [e["measure"] for e in (*ranked(facts), *facts["correlations"]) if e["measure"] in table.columns]
    found = {name: "score" for name in score_columns(table, facts["target"]) if name in table.columns}
    own = {*FACTORS, *TRAINING_CHOICES, *OF_TRAINING, *_controls(facts)}
    for name in there:
        if name in own or not is_number(table[name]):
            found.setdefault(name, "factor")
    for name in measures:
        found.setdefault(name, "measure")
    for name in there:
        found.setdefault(name, "spread" if name.endswith(".spread") else "other")
    return dict(sorted(found.items(), key=lambda item: item[1] in ("spread", "other")))


def _controls(facts: Mapping[str, Any]) -> list[str]:
    choices = [c["choice"] for e in facts.get("reflects") or [] for c in e.get("choices") or []]
    return [*(name for e in facts.get("partial") or [] for name in e["controls"]), *choices]


def _column(column: pd.Series[Any], name: str, role: str) -> Column:
    if is_number(column):
        values = column.to_numpy(float, na_value=math.nan).tolist()
        return Column(name, role, True, [v if math.isfinite(v) else None for v in values])
    texts = zip(column.tolist(), column.isna().tolist(), strict=True)
    return Column(name, role, False, [None if missing else str(value) for value, missing in texts])


def _colourable(column: Column) -> bool:
    many = len(column.levels)
    return many > 1 and (column.is_number or many <= _MOST_LEVELS)
