"""Models whose training diverged: left out of every estimate, and counted."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from lmgeo.analysis.columns import DIVERGED, levels
from lmgeo.core.arrays import Bool, ndarray
from lmgeo.core.errors import SpecError

if TYPE_CHECKING:
    import pandas as pd

REASON = "training diverged"
_YES, _NO = frozenset({"true", "1", "yes"}), frozenset({"false", "0", "no", ""})
_MOST_NAMED = 6


def diverged(table: pd.DataFrame) -> Bool[ndarray, " n"]:
    """Which rows the column `diverged` marks; none without one, and an empty cell is no mark.

    Raises:
        SpecError: a cell that is neither true nor false, with its row.
    """
    if DIVERGED not in table.columns:
        return np.zeros(len(table), dtype=bool)
    said = [cell.lower() for cell in levels(table[DIVERGED])]
    odd = next((row for row, cell in enumerate(said) if cell not in _YES | _NO), None)
    if odd is not None:
        raise SpecError(
            f"column {DIVERGED!r} holds {table[DIVERGED].iloc[odd]!r} in data row {odd + 1}",
            "give true or false, or call the column something else",
        )
    return np.array([cell in _YES for cell in said], dtype=bool)


def naming(table: pd.DataFrame) -> list[str]:
    """A note that names the models of some rows that are left out; none without rows."""
    if not len(table):
        return []
    names = [str(name) for name in table["model"]] if "model" in table.columns else [f"row {i}" for i in table.index]
    more = f" and {len(names) - _MOST_NAMED} more" if len(names) > _MOST_NAMED else ""
    return [f"{REASON}, so left out: {', '.join(names[:_MOST_NAMED])}{more}"]
