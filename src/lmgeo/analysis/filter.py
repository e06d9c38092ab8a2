"""Which rows of a table a `--filter` keeps.

An empty cell equals nothing: it meets `!=` and `not in`, and no other comparison.
"""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from lmgeo.analysis.columns import is_number, levels
from lmgeo.analysis.filter_syntax import Comparison
from lmgeo.core.arrays import Bool, ndarray
from lmgeo.core.errors import SpecError, UnknownName

if TYPE_CHECKING:
    import pandas as pd

_ORDER: dict[str, Callable[[Any, Any], Any]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


def keep(
    table: pd.DataFrame, alternatives: list[list[Comparison]], *, skip_unknown: bool = False
) -> Bool[ndarray, " n"]:
    """Which rows of a table a filter keeps.

    Args:
        table: the rows.
        alternatives: as `parse_filter` gives them.
        skip_unknown: a comparison on a column the table lacks holds for every row.

    Raises:
        UnknownName: a column the table lacks, with the near names.
        SpecError: a number column compared with text, or text put in order.
    """
    kept = np.zeros(len(table), dtype=bool)
    for clause in alternatives:
        holds = np.ones(len(table), dtype=bool)
        for comparison in clause:
            if skip_unknown and comparison.column not in table.columns:
                continue
            holds &= _holds(table, comparison)
        kept |= holds
    return kept


def columns_of(alternatives: list[list[Comparison]]) -> list[str]:
    """The columns a filter names."""
    return list(dict.fromkeys(c.column for clause in alternatives for c in clause))


def _holds(table: pd.DataFrame, comparison: Comparison) -> Bool[ndarray, " n"]:
    if comparison.column not in table.columns:
        raise UnknownName.among("column", comparison.column, [str(c) for c in table.columns], "--filter")
    column = table[comparison.column]
    cells, values = _as_numbers(column, comparison) if is_number(column) else _as_texts(column, comparison)
    if comparison.sign in _ORDER:
        return np.asarray(_ORDER[comparison.sign](cells, values[0]), dtype=bool)
    found = np.isin(cells, values)
    return ~found if comparison.sign in ("!=", "not in") else found


def _as_numbers(column: pd.Series[Any], comparison: Comparison) -> tuple[ndarray, list[Any]]:
    try:
        values = [float(value) for value in comparison.values]
    except ValueError as error:
        raise SpecError(
            f"--filter compares the number column {comparison.column!r} with {', '.join(comparison.values)!r}",
            "compare it with a number",
        ) from error
    return column.to_numpy(dtype=np.float64, na_value=np.nan), values


def _as_texts(column: pd.Series[Any], comparison: Comparison) -> tuple[ndarray, list[Any]]:
    if comparison.sign in _ORDER:
        raise SpecError(
            f"--filter puts the text column {comparison.column!r} in order with {comparison.sign!r}",
            "use ==, !=, in or not in",
        )
    return levels(column), list(comparison.values)
