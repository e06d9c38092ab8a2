"""What each measure is, and what the table and the study say was run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from lmgeo.analysis.columns import FACTORS, bare, is_number
from lmgeo.report.context import ReportContext
from lmgeo.report.curves import score_columns
from lmgeo.report.tables.base import Table, table
from lmgeo.report.wording import NOTHING, listed, number, readable

if TYPE_CHECKING:
    import pandas as pd

_NAMES = {"alpha": "noise α (percent)", "noise_seed": "noise seeds", "kind": "perturbation"}


def definitions(facts: Mapping[str, Any], context: ReportContext) -> Table | None:
    """What each measure is, from the definitions given, by whole or bare name."""
    rows: dict[str, dict[str, Any]] = {}
    for entry in facts["correlations"]:
        name = bare(entry["measure"])
        known = context.measures.get(entry["measure"]) or context.measures.get(name)
        if known:
            rows.setdefault(name, {**known, "name": name})
    return table(
        "definitions",
        "What the measures are",
        list(rows.values()),
        [
            ("measure", "text", "name"), ("what it is", "text", _text("description")), ("unit", "text", _text("unit")),
            ("range", "text", lambda e: _range(e.get("range"))), ("direction", "text", _text("direction")),
            ("source", "text", "cite"),
        ],
        prose=True,
    )  # fmt: skip


def what_ran(rows: pd.DataFrame, facts: Mapping[str, Any], context: ReportContext) -> list[tuple[str, str]]:
    """Label and value of what the table and the context say was run."""
    models = int(rows["model"].nunique()) if "model" in rows.columns else len(rows)
    found = [("models", f"{models:,}" if models == len(rows) else f"{models:,} in {len(rows):,} rows")]
    for name in FACTORS:
        if name in rows.columns and rows[name].notna().any():
            found.append((_NAMES.get(name, name), _levels(rows[name])))
    tasks = [name.removeprefix("score.") for name in score_columns(rows, facts["target"])]
    found.append(("scores", listed(tasks)))
    given = {str(key): readable(value) for key, value in context.settings.items()}
    return [(key, value) for key, value in found if key not in given] + list(given.items())


def _levels(column: pd.Series[Any]) -> str:
    levels = column.dropna().unique().tolist()
    return listed([number(level) for level in (sorted(levels) if is_number(column) else levels)])


def _text(key: str) -> Any:
    return lambda entry: str(entry.get(key) or NOTHING)


def _range(bounds: Sequence[Any] | str | None) -> str:
    if not bounds:
        return NOTHING
    if isinstance(bounds, str):
        return bounds
    low, high = (None if b is None else number(b) for b in bounds)
    return f"{low or 'no bound'} … {high or 'no bound'}" if low or high else "no bounds"
