"""From a table as it came to the rows and columns that are set against each other."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from lmgeo.analysis.columns import is_number, measure_columns, numbers, require_column, require_measures, select
from lmgeo.analysis.divergence import REASON, diverged, naming
from lmgeo.analysis.filter import columns_of, keep
from lmgeo.analysis.filter_syntax import Comparison
from lmgeo.analysis.holdout import row_keys
from lmgeo.analysis.settings import first_setting
from lmgeo.analysis.table import check_columns
from lmgeo.core.arrays import ndarray
from lmgeo.core.errors import NotEnoughData, SpecError, UnknownName
from lmgeo.core.spec.blocks import AnalyzeSpec

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class Prepared:
    """The rows analysed, and the columns that are set against each other.

    `everything` is the table without models whose training diverged, `filtered` what the filter keeps of it, under
    every measurement setting; `n` counts the rows of one setting before any was dropped.
    """

    table: pd.DataFrame
    everything: pd.DataFrame
    filtered: pd.DataFrame
    measures: dict[str, ndarray]
    target: ndarray
    n: int
    dropped: list[dict[str, Any]]
    notes: list[str]


def choose_measures(
    table: pd.DataFrame, spec: AnalyzeSpec, recorded: Sequence[str] | None
) -> tuple[list[str], list[str]]:
    """The measure columns an analysis takes up, in table order, and notes on those it leaves out."""
    if recorded is None:
        preferred, notes = measure_columns(table, spec.target, spec.by, spec.controls)
        taken = {spec.target, *preferred}
        others = [name for name in table.columns if name not in taken and is_number(table[name])]
    else:
        preferred, notes, others = [name for name in recorded if name in table.columns], [], []
    if not spec.measures:
        return preferred, notes
    text = [name for name in table.columns if name in spec.measures and not is_number(table[name])]
    if text:
        numbers(table, text[0])  # says which cell is no number
    return select(spec.measures, preferred, others), []


def prepare(
    table: pd.DataFrame,
    spec: AnalyzeSpec,
    recorded: Sequence[str] | None,
    alternatives: list[list[Comparison]],
    in_holdout: pd.DataFrame | None,
) -> Prepared:
    """Filter a table, keep to one measurement setting, drop diverged runs, choose measures, drop rows without data.

    Args:
        table: one row a model.
        spec: target, measure globs, factor, controls.
        recorded: the columns recorded as measures; None: by the rule for plain tables.
        alternatives: the filter; may name columns that only the hold-out table has.
        in_holdout: the hold-out table, or None.

    Raises:
        UnknownName, SpecError, NotEnoughData: as `analyze` says.
    """
    check_columns(table.columns, "the table")
    require_column(table, spec.target, "target")
    for name in [*([spec.by] if spec.by is not None else []), *spec.controls]:
        require_column(table, name, "table")
    if spec.target in spec.controls or spec.target == spec.by:
        raise SpecError(f"{spec.target!r} is the target and a control at once", "take it out of one of them")
    notes = list(table.attrs.get("notes", []))
    filtered, more = _filtered(table, alternatives, in_holdout)
    every, setting_notes = first_setting(filtered)
    failed = diverged(every)
    rows = every.loc[~failed]
    if failed.all():
        raise NotEnoughData(f"the training of all {len(every)} models diverged", "choose other rows with --filter")
    names, left_out = choose_measures(rows, spec, recorded)
    require_measures(names)
    target, columns = numbers(rows, spec.target), {name: numbers(rows, name) for name in names}
    kept, dropped = _dropped(columns, target, spec.target)
    if not kept.any():
        raise NotEnoughData(f"no row of the table has both {spec.target!r} and a measure", "choose another target")
    notes += [*more, *setting_notes, *left_out, *_infinities(rows, [spec.target, *names])]
    columns = {name: values[kept] for name, values in columns.items()}
    lost = [{"rows": int(failed.sum()), "reason": REASON}] if failed.any() else []
    return Prepared(
        table=rows.loc[kept],
        everything=table.loc[~diverged(table)],
        filtered=filtered.loc[~diverged(filtered)],
        measures=columns,
        target=target[kept],
        n=len(every),
        dropped=[*lost, *dropped],
        notes=[*notes, *naming(every.loc[failed])],
    )


def _filtered(
    table: pd.DataFrame, alternatives: list[list[Comparison]], in_holdout: pd.DataFrame | None
) -> tuple[pd.DataFrame, list[str]]:
    if table.empty:
        raise NotEnoughData("the table has no rows", "give a table with one row a model")
    if not alternatives:
        return table, []
    elsewhere = [] if in_holdout is None else [str(name) for name in in_holdout.columns]
    unknown = [c for c in columns_of(alternatives) if c not in table.columns and c not in elsewhere]
    if unknown:
        raise UnknownName.among("column", unknown[0], [str(c) for c in table.columns], "--filter")
    kept = keep(table, alternatives, skip_unknown=True)
    if not kept.any():
        raise NotEnoughData("--filter leaves no row of the table", "loosen it")
    return table.loc[kept], [f"--filter keeps {kept.sum()} of {len(table)} rows"] if not kept.all() else []


def prepare_holdout(
    holdout: pd.DataFrame | None, table: pd.DataFrame, alternatives: list[list[Comparison]]
) -> tuple[pd.DataFrame | None, list[str]]:
    """The hold-out rows a filter keeps, numbered as in their file, and notes on what was done to them."""
    if holdout is None:
        return None, []
    check_columns(holdout.columns, "the hold-out table")
    held, notes = holdout.reset_index(drop=True), []
    if alternatives:
        kept = keep(held, alternatives, skip_unknown=True)
        missing = [c for c in columns_of(alternatives) if c not in held.columns and c in table.columns]
        notes += [f"--filter keeps {kept.sum()} of {len(held)} hold-out rows"] if not kept.all() else []
        notes += [f"the hold-out table has no {c!r}: that part of --filter is not applied to it" for c in missing]
        held = held.loc[kept]
    held, more = first_setting(held) if len(held) else (held, [])
    failed = diverged(held)
    notes += [f"hold-out: {note}" for note in [*more, *naming(held.loc[failed])]]
    held = held.loc[~failed]
    if "model" in held.columns and row_keys(held) != [str(name) for name in held["model"]]:
        notes.append("hold-out models are not unique: predictions are keyed by row number, counted from 0")
    return held, notes


def _dropped(columns: dict[str, ndarray], target: ndarray, name: str) -> tuple[ndarray, list[dict[str, Any]]]:
    measured = np.any([np.isfinite(values) for values in columns.values()], axis=0)
    scored = np.isfinite(target)
    counts = {
        "no measure has a value": int((~measured).sum()),
        f"{name!r} has no value": int((measured & ~scored).sum()),
    }
    return measured & scored, [{"rows": rows, "reason": reason} for reason, rows in counts.items() if rows]


def _infinities(table: pd.DataFrame, names: Sequence[str]) -> list[str]:
    counts = {name: int(np.isinf(table[name].to_numpy(dtype=np.float64, na_value=np.nan)).sum()) for name in names}
    return [f"{count} infinite values of {name!r} are taken as missing" for name, count in counts.items() if count]
