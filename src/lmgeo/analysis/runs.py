"""Which rows of a table are one training run at several steps."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from lmgeo.analysis.columns import FACTORS, SEEDS, TRAINING_CHOICES, is_number, levels
from lmgeo.core.arrays import Int, ndarray

if TYPE_CHECKING:
    import pandas as pd

LEAST_STEPS = 3  # of a run; fewer have no course
_AXES = ("step", "tokens", "trained_tokens")
# `pythia-14m@step1000`, `run/checkpoint-500`, `m|tokens=8B`
_STEP = re.compile(
    r"[\s@/|,;:_-]*(?:global[_-]?)?(?:step|checkpoint|ckpt|tokens)[\s=_-]*\d+(?:\.\d+)?[kmb]?", re.IGNORECASE
)


@dataclass(frozen=True)
class Run:
    """One run: its name and its rows in the order of steps."""

    name: str
    rows: Int[ndarray, " t"]


def step_column(table: pd.DataFrame) -> str | None:
    """The column that counts training: `step`, else tokens where they are numbers and not a token policy."""
    return next((c for c in _AXES if c in table.columns and is_number(table[c]) and table[c].nunique() > 1), None)


def runs_of(table: pd.DataFrame, step: str, also: Sequence[str] = ()) -> list[Run]:
    """The runs of a table that have three steps or more, in the order in which they first stand there.

    Rows are of one run if they agree in the base's name but for its step (in the model's name where
    there is no base), and in every factor, seed and training choice but the step. Counts of tokens and
    further columns are looked at only where several rows of a run would stand at one step: they
    may as well grow along with it.

    Args:
        table: the rows.
        step: the column of steps.
        also: further columns that may tell runs apart.
    """
    telling = dict.fromkeys([*FACTORS, *SEEDS, *sorted(TRAINING_CHOICES), *also])
    names = [c for c in telling if c in table.columns and c not in (step, "base", "model")]
    keys = {c: of_rows for c in names if len(set(of_rows := levels(table[c]))) > 1}
    spare = {c for c in keys if c in also or (c in _AXES and is_number(table[c]))}
    at = table[step].to_numpy(dtype=np.float64, na_value=np.nan)
    title = _titles(table, at)
    found = _grouped(title, {c: of_rows for c, of_rows in keys.items() if c not in spare}, at)
    if any(len(set(at[run.rows])) < len(run.rows) for run in found):
        found = _grouped(title, keys, at)
    return [run for run in found if len(set(at[run.rows])) >= LEAST_STEPS]


def _titles(table: pd.DataFrame, at: ndarray) -> ndarray:
    """The base of each row without its step; without a base the model, where its name tells the step.

    A base that stands at several steps as it is named is a run's name, and is left whole: `tokens=8000` in
    it is a choice.
    """
    if "base" in table.columns:
        whole = levels(table["base"])
        named = {name for name in set(whole) if len(set(at[(whole == name) & np.isfinite(at)])) > 1}
        return whole if named else np.array([_STEP.sub("", name) for name in whole], dtype=object)
    if "model" in table.columns:
        whole = levels(table["model"])
        short = np.array([_STEP.sub("", name) for name in whole], dtype=object)
        if all(short != whole):
            return short
    return np.full(len(table), "", dtype=object)


def _grouped(titles: ndarray, keys: dict[str, ndarray], at: ndarray) -> list[Run]:
    groups: dict[tuple[str, ...], list[int]] = {}
    for row, key in enumerate(zip(titles, *keys.values(), strict=True)):
        if np.isfinite(at[row]):
            groups.setdefault(key, []).append(row)
    shown = [i for i in range(len(keys)) if len({(key[0], key[i + 1]) for key in groups}) > len({k[0] for k in groups})]
    found = []
    for key, rows in groups.items():
        settings = [f"{list(keys)[i]}={key[i + 1]}" for i in shown if key[i + 1] != ""]
        name = "|".join(part for part in (key[0], ",".join(settings)) if part)
        found.append(Run(name or "run", np.array(rows)[np.argsort(at[rows], kind="stable")]))
    return found
