"""Runs that got worse late in training, and whether their rank had fallen by then."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import median
from typing import TYPE_CHECKING, Any

import numpy as np

from lmgeo.analysis.columns import bare, is_number, numbers
from lmgeo.analysis.data import Data
from lmgeo.analysis.direction import is_loss, lower_is_better
from lmgeo.analysis.runs import LEAST_STEPS, runs_of, step_column
from lmgeo.core.arrays import Float, ndarray
from lmgeo.numerics.late_rise import LateRise, late_rise, noise_of

if TYPE_CHECKING:
    import pandas as pd

# The first there is: of the output embedding, as a share of its width where that is known, then of the latent space.
_RANKS = ("unembedding.effective_rank_pct", "unembedding.effective_rank", "final.effective_rank", "final.rankme")
_FELL = 2.0 * np.sqrt(2.0)  # noises between two values beyond which they differ
_LEAST_RANKS = 4  # values from which their noise can be told


def saturation(data: Data) -> list[dict[str, Any]]:
    """One entry a run and column: did it worsen late, and had its rank fallen?

    Columns are the target and whatever looks like a loss. `rise` is from the best value to the last
    in the direction of worse, `saturated` whether it is beyond what noise alone gives
    (`numerics.late_rise`). `rank_fell`: the rank at the end is under that at the best step by more
    than twice the noise of such a difference. `kind` sets `saturated` against the rank at the end,
    low if under the runs' median. [] without a column of steps, or runs with several.
    """
    also = [*([data.by.name] if data.by else []), *(data.controls.names if data.controls else [])]
    return courses(data.table, _columns(data), also)


def courses(table: pd.DataFrame, columns: Sequence[str], also: Sequence[str] = ()) -> list[dict[str, Any]]:
    """The same of some columns of any table with steps.

    Args:
        table: a row a checkpoint.
        columns: losses and scores.
        also: further columns that may tell runs apart.
    """
    step = step_column(table)
    if step is None:
        return []
    runs = runs_of(table, step, also)
    at, rank = numbers(table, step), rank_column(table)
    ranks = None if rank is None else numbers(table, rank)
    entries: list[dict[str, Any]] = []
    for column in columns if runs else []:
        values, is_up = numbers(table, column), lower_is_better(column)
        found = []
        for run in (run for run in runs if np.isfinite(values[run.rows]).sum() >= LEAST_STEPS):
            rows = run.rows[np.isfinite(values[run.rows])]
            course = _course(at[rows], values[rows], is_up, None if ranks is None else ranks[rows])
            found.append({"run": run.name, "column": column, **course, "rank_measure": rank})
        entries += _with_kinds(found)
    return entries


def _columns(data: Data) -> list[str]:
    """The target, then the columns that look like a loss."""
    losses = [c for c in data.table.columns if is_loss(c) and is_number(data.table[c])]
    return list(dict.fromkeys([data.target_name, *losses]))


def rank_column(table: pd.DataFrame) -> str | None:
    """The column that stands for the rank: of the output embedding where there is one; None where there is none."""
    named = [name for name in _RANKS if name in table.columns]
    others = [c for rank in ("effective_rank", "rankme") for c in table.columns if bare(c) == rank]
    return next((name for name in [*named, *others] if is_number(table[name])), None)


def _course(
    at: Float[ndarray, " t"], values: Float[ndarray, " t"], worse_is_up: bool, ranks: Float[ndarray, " t"] | None
) -> dict[str, Any]:
    """What became of one column over one run."""
    if len(set(at)) < len(at):
        return {**_NOTHING, "steps": len(set(at)), "reason": "several rows stand at one step"}
    found = late_rise(at, values, worse_is_up=worse_is_up)
    entry = {
        "steps": found.steps,
        "best_step": int(found.best_step) if found.best_step.is_integer() else found.best_step,
        "best": found.best,
        "last": found.last,
        "rise": found.rise,
        "rise_over_noise": found.rise_over_noise,
        "threshold": found.threshold,
        "saturated": found.found,
        **_ranks(ranks, int(np.flatnonzero(at == found.best_step)[0]), found),
        "kind": None,
    }
    return {**entry, "reason": found.reason} if found.reason else entry


_NOTHING: dict[str, Any] = {
    "best_step": None, "best": None, "last": None, "rise": None, "rise_over_noise": None, "threshold": None,
    "saturated": False, "rank_at_best": None, "rank_last": None, "rank_fell": None, "kind": None,
}  # fmt: skip


def _ranks(values: Float[ndarray, " t"] | None, best: int, found: LateRise) -> dict[str, Any]:
    """Rank at the best step and at the end; whether it fell, by the windows in which the values were averaged."""
    if values is None:
        return {"rank_at_best": None, "rank_last": None, "rank_fell": None}
    present = values[np.isfinite(values)]
    before = _mean(values[found.best_at : found.best_at + found.window])
    after = _mean(values[len(values) - found.window :])
    fell = None
    if before is not None and after is not None and len(present) >= _LEAST_RANKS:
        noise = noise_of(present) or 0.0  # a smooth course has none, and any fall is one
        fell = bool(before - after > _FELL * noise / np.sqrt(found.window))
    at_best, last = (_mean(values[[place]]) for place in (best, -1))
    return {"rank_at_best": at_best, "rank_last": last, "rank_fell": fell}


def _mean(values: Float[ndarray, " w"]) -> float | None:
    present = values[np.isfinite(values)]
    return float(present.mean()) if len(present) else None


def _with_kinds(entries: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Low or high rank by the median over runs at the end; none for a single run, or one not tested."""
    ranked = [entry["rank_last"] for entry in entries if entry["rank_last"] is not None]
    if len(ranked) < 2:
        return list(entries)
    middle = median(ranked)
    return [{**entry, "kind": _kind(entry, middle)} for entry in entries]


def _kind(entry: dict[str, Any], middle: float) -> str | None:
    if entry["rank_last"] is None or entry["rise_over_noise"] is None:
        return None
    return f"{'low' if entry['rank_last'] < middle else 'high'} rank and {'saturated' if entry['saturated'] else 'not'}"
