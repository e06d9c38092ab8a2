"""The column of groups within which models are compared, where an analysis names none."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from lmgeo.analysis.columns import levels
from lmgeo.analysis.data import Data, Factor
from lmgeo.core.arrays import Int, ndarray

_SEVERAL = 3  # rows in a level


def grouping(data: Data, preferred: Sequence[str]) -> Factor | None:
    """The named factor, else the first of `preferred` with several levels of several rows each.

    A column counts where at least two levels have three rows, and those levels hold half of all rows:
    names that are all but unique group nothing.
    """
    if data.by is not None:
        return data.by
    for name in preferred:
        if name in data.table.columns and _groups(found := levels(data.table[name])):
            return Factor(name, found)
    return None


def _groups(of_rows: ndarray) -> bool:
    sizes = np.unique(of_rows[of_rows != ""], return_counts=True)[1]
    large = sizes[sizes >= _SEVERAL]
    return len(large) >= 2 and int(large.sum()) * 2 >= len(of_rows)


def numbered(of_rows: ndarray) -> Int[ndarray, " n"]:
    """Levels as numbers from 0 in the order of their names; −1 where missing."""
    names = {name: i for i, name in enumerate(sorted(set(of_rows) - {""}))}
    return np.array([names.get(name, -1) for name in of_rows], dtype=np.int64)
