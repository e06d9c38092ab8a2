"""Models that differ in one thing of their architecture alone, set side by side."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from lmgeo.analysis.columns import FACTORS, SEEDS, TRAINING_CHOICES, is_number, levels, numbers
from lmgeo.analysis.data import Data
from lmgeo.analysis.direction import is_loss
from lmgeo.analysis.runs import step_column
from lmgeo.analysis.saturation import rank_column, saturation
from lmgeo.core.arrays import ndarray

if TYPE_CHECKING:
    import pandas as pd

CHOICES = ("parallel", "tied")
_UNTOLD = frozenset({"base", "family", "step"})


def twins(data: Data) -> list[dict[str, Any]]:
    """One entry a pair of twins and column (the target, losses, the rank): its `values` and their `difference`.

    Twins agree in every training choice, seed and factor but `choice` (parallel or sequential blocks, tied or
    untied embeddings), whose two values are `between`; `difference` is the second's minus the first's. Of runs
    at several steps the last step counts. `saturated`: whether each run got worse late (see `saturation`), None
    where it was not followed. [] without twins.
    """
    step, rank = step_column(data.table), rank_column(data.table)
    at = numbers(data.table, step) if step else np.zeros(len(data.table))
    losses = [c for c in data.table.columns if is_loss(c) and is_number(data.table[c])]
    columns = list(dict.fromkeys([data.target_name, *losses, *([rank] if rank else [])]))
    values = {name: numbers(data.table, name) for name in columns}
    entries = []
    for choice in CHOICES:
        for between, rows in _pairs(data.table, choice, np.where(np.isfinite(at), at, -np.inf)):
            who = {name: [_text(data.table, name, row) for row in rows] for name in ("model", "base")}
            common = {"choice": choice, "between": between, "models": who["model"], "runs": who["base"]}
            entries += [{**common, "column": name, **_side_by_side(of[rows])} for name, of in values.items()]
    return with_saturation(entries, saturation(data)) if entries else []


def with_saturation(entries: Sequence[Mapping[str, Any]], found: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Entries of twins with what became of their runs."""
    course = {entry["run"]: entry for entry in reversed(found) if entry["rise_over_noise"] is not None}
    return [
        {
            **entry,
            "saturated": [course[run]["saturated"] if run in course else None for run in entry["runs"]],
            "rank_fell": [course[run]["rank_fell"] if run in course else None for run in entry["runs"]],
        }
        for entry in entries
    ]


def _pairs(table: pd.DataFrame, choice: str, at: ndarray) -> Iterator[tuple[list[str], list[int]]]:
    """The two levels, and the row of each, in the order in which pairs first stand in the table."""
    if choice not in table.columns:
        return
    telling = {*FACTORS, *SEEDS, *TRAINING_CHOICES} - {*_UNTOLD, choice}
    keys = [levels(table[name]) for name in table.columns if name in telling]
    groups: dict[tuple[str, ...], dict[str, int]] = {}
    for row, (own, *key) in enumerate(zip(levels(table[choice]), *keys, strict=True)):
        group = groups.setdefault(tuple(key), {})
        if own and (own not in group or at[row] > at[group[own]]):
            group[own] = row
    for group in groups.values():
        if len(group) == 2:
            between = sorted(group)
            yield between, [group[level] for level in between]


def _text(table: pd.DataFrame, name: str, row: int) -> str | None:
    return str(table[name].iloc[row]) if name in table.columns else None


def _side_by_side(values: ndarray) -> dict[str, Any]:
    first, second = (float(value) if np.isfinite(value) else None for value in values)
    return {"values": [first, second], "difference": None if None in (first, second) else float(np.diff(values)[0])}
