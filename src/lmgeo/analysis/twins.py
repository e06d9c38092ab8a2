"""Models that differ in one thing of their architecture alone, set side by side."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from lmgeo.analysis.columns import FACTORS, SEEDS, TRAINING_CHOICES, is_number, levels, numbers
from lmgeo.analysis.data import Data
from lmgeo.analysis.direction import is_loss
from lmgeo.analysis.level_means import LEAST_PAIRS, as_trained, interval_of_mean
from lmgeo.analysis.runs import step_column
from lmgeo.analysis.saturation import rank_column, saturation
from lmgeo.core.arrays import ndarray

if TYPE_CHECKING:
    import pandas as pd

CHOICES = ("parallel", "tied")
_UNTOLD = frozenset({"base", "family", "step"})


@dataclass(frozen=True)
class _Pair:
    """Two rows unlike in one choice: which, its two values, the rows, and what both are but for their seeds."""

    choice: str
    between: tuple[str, str]
    rows: list[int]
    alike: tuple[str, ...]


def twins(data: Data) -> list[dict[str, Any]]:
    """One entry a pair of twins and column (the target, losses, the rank): its `values` and their `difference`.

    Twins agree in every training choice, seed and factor but `choice` (parallel or sequential blocks, tied or
    untied embeddings), whose two values are `between`; `difference` is the second's minus the first's. Of runs
    at several steps the last step counts. `saturated`: whether each run got worse late (see `saturation`), None
    where it was not followed. [] without twins.
    """
    columns = _columns(data.table, data.target_name)
    entries = []
    for pair in _pairs(data.table):
        who = {name: [_text(data.table, name, row) for row in pair.rows] for name in ("model", "base")}
        common = {"choice": pair.choice, "between": list(pair.between), "models": who["model"], "runs": who["base"]}
        entries += [{**common, "column": name, **_side_by_side(of[pair.rows])} for name, of in columns.items()]
    return with_saturation(entries, saturation(data)) if entries else []


def twins_mean(data: Data) -> list[dict[str, Any]]:
    """One entry a choice and column: the mean `difference` of twins, with a t interval over their configurations.

    Seeds of one configuration are first averaged: they say how surely that configuration's difference is known, not
    whether another one has it. No more do perturbed copies and untrained twins, which are left out. `pairs` are of
    finite values, `configurations` what is left of them but for seeds, `same_sign` how many of those differ in the
    mean's direction. Below three the interval is None. [] without twins.
    """
    columns = _columns(data.table, data.target_name)
    plain = as_trained(data.table)
    groups: dict[tuple[str, tuple[str, str]], list[_Pair]] = {}
    for pair in (pair for pair in _pairs(data.table) if plain[pair.rows].all()):
        groups.setdefault((pair.choice, pair.between), []).append(pair)
    return [
        {"choice": choice, "between": list(between), "column": name, **_mean_difference(pairs, of)}
        for (choice, between), pairs in groups.items()
        for name, of in columns.items()
    ]


def _mean_difference(pairs: Sequence[_Pair], values: ndarray) -> dict[str, Any]:
    by_configuration: dict[tuple[str, ...], list[float]] = {}
    for pair in pairs:
        difference = float(np.diff(values[pair.rows])[0])
        if np.isfinite(difference):
            by_configuration.setdefault(pair.alike, []).append(difference)
    means = np.array([np.mean(own) for own in by_configuration.values()])
    counts = {"pairs": sum(map(len, by_configuration.values())), "configurations": len(means)}
    if not len(means):
        return {**counts, "difference": None, "ci": None, "same_sign": 0, "reason": "no pair has both values"}
    mean, interval = float(means.mean()), interval_of_mean(means, 0.05)
    few = {} if interval else {"reason": f"{len(means)} configurations; an interval needs {LEAST_PAIRS}"}
    same = int((np.sign(means) * np.sign(mean) > 0).sum())  # no difference at all is of no sign
    return {**counts, "difference": mean, "ci": interval, "same_sign": same, **few}


def _columns(table: pd.DataFrame, target: str) -> dict[str, ndarray]:
    """The numbers of the target, of the losses and of the rank, by column."""
    rank = rank_column(table)
    losses = [c for c in table.columns if is_loss(c) and is_number(table[c])]
    return {name: numbers(table, name) for name in dict.fromkeys([target, *losses, *([rank] if rank else [])])}


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


def _pairs(table: pd.DataFrame) -> Iterator[_Pair]:
    """The twins of each choice, in the order in which pairs first stand in the table."""
    step = step_column(table)
    at = numbers(table, step) if step else np.zeros(len(table))
    last = np.where(np.isfinite(at), at, -np.inf)
    for choice in CHOICES:
        if choice in table.columns:
            yield from _pairs_of(table, choice, last)


def _pairs_of(table: pd.DataFrame, choice: str, at: ndarray) -> Iterator[_Pair]:
    telling = [c for c in table.columns if c in {*FACTORS, *SEEDS, *TRAINING_CHOICES} - {*_UNTOLD, choice}]
    keys = [levels(table[name]) for name in telling]
    groups: dict[tuple[str, ...], dict[str, int]] = {}
    for row, (own, *key) in enumerate(zip(levels(table[choice]), *keys, strict=True)):
        group = groups.setdefault(tuple(key), {})
        if own and (own not in group or at[row] > at[group[own]]):
            group[own] = row
    for told, group in groups.items():
        if len(group) == 2:
            first, second = sorted(group)
            alike = tuple(value for name, value in zip(telling, told, strict=True) if name not in SEEDS)
            yield _Pair(choice, (first, second), [group[first], group[second]], alike)


def _text(table: pd.DataFrame, name: str, row: int) -> str | None:
    return str(table[name].iloc[row]) if name in table.columns else None


def _side_by_side(values: ndarray) -> dict[str, Any]:
    first, second = (float(value) if np.isfinite(value) else None for value in values)
    return {"values": [first, second], "difference": None if None in (first, second) else float(np.diff(values)[0])}
