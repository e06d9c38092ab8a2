"""From a table to estimates: everything `lmgeo analyze` says, as plain JSON."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from lmgeo.analysis.alignment import alignment
from lmgeo.analysis.association import associations
from lmgeo.analysis.clusters import clusters_of, held_out_together
from lmgeo.analysis.columns import levels
from lmgeo.analysis.controls import read_controls
from lmgeo.analysis.counterexamples import counterexamples
from lmgeo.analysis.data import Data, Factor, choices_of, size_of
from lmgeo.analysis.filter_syntax import parse_filter
from lmgeo.analysis.holdout import holdouts
from lmgeo.analysis.incremental.each import incrementals
from lmgeo.analysis.incremental.together import incremental_all
from lmgeo.analysis.level_means import level_means
from lmgeo.analysis.mixed import group_of, mixed
from lmgeo.analysis.partial import partials
from lmgeo.analysis.power import power_of
from lmgeo.analysis.prepare import prepare, prepare_holdout
from lmgeo.analysis.reflects import reflects
from lmgeo.analysis.regression import regressions
from lmgeo.analysis.saturation import saturation
from lmgeo.analysis.sensitivity import sensitivity
from lmgeo.analysis.strata import strata
from lmgeo.analysis.transfer import transfer
from lmgeo.analysis.twins import twins, twins_mean
from lmgeo.analysis.within import withins
from lmgeo.core.arrays import ndarray
from lmgeo.core.spec.blocks import AnalyzeSpec

if TYPE_CHECKING:
    import pandas as pd


def _partials(data: Data) -> list[dict[str, Any]]:
    return partials(data.measures, data.target, data.controls, data.clusters) if data.controls else []


def _regressions(data: Data) -> list[dict[str, Any]]:
    by = (data.by.name, data.by.levels) if data.by else (None, None)
    return regressions(data.measures, data.target, *by)


def _incrementals(data: Data) -> list[dict[str, Any]]:
    if data.controls is None:
        return []
    smaller = None if data.by or data.held_out is data.clusters else data.clusters.labels
    return incrementals(data.measures, data.target, data.controls, _held_out_together(data), data.seed, smaller)


def _incremental_all(data: Data) -> dict[str, Any] | None:
    if data.controls is None:
        return None
    return incremental_all(data.measures, data.target, data.controls, _held_out_together(data), data.seed)


def _mixed(data: Data) -> list[dict[str, Any]]:
    group = group_of(data)
    return mixed(data.measures, data.target, data.controls, group, data.seed) if group else []


def _held_out_together(data: Data) -> tuple[str, ndarray] | None:
    return (data.by.name, data.by.levels) if data.by else data.held_out.groups


# One entry a key of the document, in its order; each part is a function of the data alone.
PARTS: dict[str, Callable[[Data], Any]] = {
    "correlations": associations,
    "partial": _partials,
    "within": withins,
    "strata": strata,
    "regressions": _regressions,
    "incremental": _incrementals,
    "reflects": reflects,
    "choices": level_means,
    "alignment": alignment,
    "transfer": transfer,
    "counterexamples": counterexamples,
    "saturation": saturation,
    "twins": twins,
    "twins_mean": twins_mean,
    "sensitivity": sensitivity,
    "power": power_of,
    "incremental_all": _incremental_all,
    "mixed": _mixed,
}


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
        `target`, `n` (rows before dropping), `dropped`, `clusters` (what was resampled), a key for
        each of `PARTS`, `holdout` and `notes`. Intervals are 95 %. An estimate that cannot be had
        is None, with `reason` in its entry.

    Raises:
        UnknownName: a column or glob that the table lacks.
        SpecError: text where numbers are needed, a filter that cannot be read.
        NotEnoughData: nothing is left to analyse.
    """
    alternatives = parse_filter(spec.filter) if spec.filter else []
    held, held_notes = prepare_holdout(holdout, table, alternatives)
    ready = prepare(table, spec, measures, alternatives, in_holdout=holdout)
    by, by_notes = _factor(ready.table, spec.by)
    clusters = clusters_of(ready.table, [*spec.controls, *([spec.by] if spec.by else [])])
    data = Data(
        table=ready.table,
        everything=ready.everything,
        filtered=ready.filtered,
        target_name=spec.target,
        target=ready.target,
        measures=ready.measures,
        by=by,
        controls=read_controls(ready.table, spec.controls) if spec.controls else None,
        clusters=clusters,
        held_out=held_out_together(ready.table, clusters),
        choices=choices_of(ready.table, spec.controls),
        size=size_of(ready.table),
        seed=spec.seed,
    )
    estimates = {name: part(data) for name, part in PARTS.items()}
    estimates["holdout"] = _holdouts(data, held) if held is not None else []
    notes = [*ready.notes, *by_notes, *held_notes, *([data.clusters.note] if data.clusters.note else [])]
    return {
        "target": spec.target, "n": ready.n, "dropped": ready.dropped,
        "clusters": {"by": clusters.by, "count": clusters.count}, **estimates, "notes": notes,
    }  # fmt: skip


def _holdouts(data: Data, held: pd.DataFrame) -> list[dict[str, Any]]:
    by = (data.by.name, data.by.levels) if data.by else None
    return holdouts(data.measures, (data.target_name, data.target), by, held)


def _factor(table: pd.DataFrame, by: str | None) -> tuple[Factor | None, list[str]]:
    """The factor's levels, or a note where it has one level only."""
    if by is None:
        return None, []
    of_rows = levels(table[by])
    found = set(of_rows) - {""}
    if len(found) < 2:
        return None, [f"{by!r} has {'one level' if found else 'no value'}: only the form without it is given"]
    return Factor(by, of_rows), []
