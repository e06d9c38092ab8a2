"""From a table to estimates: everything `lmgeo analyze` says, as plain JSON."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from lmgeo.analysis.columns import levels
from lmgeo.analysis.controls import read_controls
from lmgeo.analysis.correlation import correlations
from lmgeo.analysis.filter_syntax import parse_filter
from lmgeo.analysis.holdout import holdouts
from lmgeo.analysis.incremental import incrementals
from lmgeo.analysis.partial import partials
from lmgeo.analysis.prepare import prepare, prepare_holdout
from lmgeo.analysis.regression import regressions
from lmgeo.core.arrays import ndarray
from lmgeo.core.spec.blocks import AnalyzeSpec

if TYPE_CHECKING:
    import pandas as pd


def analyze(
    table: pd.DataFrame,
    spec: AnalyzeSpec,
    measures: Sequence[str] | None = None,
    holdout: pd.DataFrame | None = None,
) -> dict[str, Any]:
    """Relate every measure of a table to the target.

    Args:
        table: one row a model.
        spec: target, measure globs, factor, controls, filter, seed.
        measures: the columns recorded as measures; None: by the rule for plain tables.
        holdout: models to predict from fits on `table`.

    Returns:
        `target`, `n` (rows before dropping), `dropped`, `correlations`, `partial`,
        `regressions`, `incremental`, `holdout` and `notes`. Intervals are 95 %. An estimate
        that cannot be had is None, with `reason` in its entry.

    Raises:
        UnknownName: a column or glob that the table lacks.
        SpecError: text where numbers are needed, a filter that cannot be read.
        NotEnoughData: nothing is left to analyse.
    """
    alternatives = parse_filter(spec.filter) if spec.filter else []
    held, held_notes = prepare_holdout(holdout, table, alternatives)
    ready = prepare(table, spec, measures, alternatives, in_holdout=holdout)
    by, by_notes = _factor(ready.table, spec.by)
    controls = read_controls(ready.table, spec.controls)
    estimates: dict[str, Any] = {
        "correlations": correlations(ready.measures, ready.target, spec.seed),
        "partial": partials(ready.measures, ready.target, controls, spec.seed) if spec.controls else [],
        "regressions": regressions(ready.measures, ready.target, *(by or (None, None))),
        "incremental": [],
        "holdout": holdouts(ready.measures, (spec.target, ready.target), by, held) if held is not None else [],
    }
    if spec.controls:
        groups, group_notes = _groups(ready.table, by)
        by_notes += group_notes
        estimates["incremental"] = incrementals(ready.measures, ready.target, controls, groups, spec.seed)
    notes = [*ready.notes, *by_notes, *held_notes]
    return {"target": spec.target, "n": ready.n, "dropped": ready.dropped, **estimates, "notes": notes}


def _factor(table: pd.DataFrame, by: str | None) -> tuple[tuple[str, ndarray] | None, list[str]]:
    """The factor's levels, or a note where it has one level only."""
    if by is None:
        return None, []
    of_rows = levels(table[by])
    found = set(of_rows) - {""}
    if len(found) < 2:
        return None, [f"{by!r} has {'one level' if found else 'no value'}: only the form without it is given"]
    return (by, of_rows), []


def _groups(table: pd.DataFrame, by: tuple[str, ndarray] | None) -> tuple[tuple[str, ndarray] | None, list[str]]:
    """What folds are grouped by: the factor, else the base where there are several."""
    if by is not None:
        return by, []
    if "base" not in table.columns:
        return None, []
    of_rows = levels(table["base"])
    if len(set(of_rows)) < 2:
        return None, ["one base only: the folds of the cross-validation are not grouped"]
    return ("base", of_rows), []
