"""Tables of the page: models, estimates beyond the controls, regressions, hold-out, definitions."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from pandas.api import types

from lmgeo.analysis.columns import FACTORS, bare
from lmgeo.report.context import ReportContext
from lmgeo.report.curves import score_columns
from lmgeo.report.summary import ranked
from lmgeo.report.wording import NOTHING, aligned, coefficient, interval, listed, number, probability, readable

if TYPE_CHECKING:
    import pandas as pd

_MOST_ROWS = 400
_MOST_MEASURES = 10


@dataclass(frozen=True)
class Cell:
    """A shown text, what it sorts by, and the share of its column's range that a bar fills."""

    text: str
    key: str = ""
    bar: float | None = None


@dataclass(frozen=True)
class Grid:
    """A table ready to be written: heads, which of them are numbers, rows of cells."""

    heads: list[str]
    numeric: list[bool]
    rows: list[list[Cell]]
    left_out: int = 0
    caption: str = ""
    hidden: list[str] = field(default_factory=list)


def models(table: pd.DataFrame, facts: Mapping[str, Any]) -> Grid:
    """One row a model, the best score first: factors, scores and the strongest measures."""
    order = [entry["measure"] for entry in ranked(facts) if entry["measure"] in table.columns]
    scores = score_columns(table, facts["target"])
    factors = [name for name in FACTORS if name in table.columns and table[name].nunique(dropna=False) > 1]
    names = list(
        dict.fromkeys([*(["model"] if "model" in table.columns else []), *scores, *factors, *order[:_MOST_MEASURES]])
    )
    rows = table.sort_values(facts["target"], ascending=False, na_position="last", kind="stable")
    shown = rows.head(_MOST_ROWS)
    columns = [_column(shown[name], bar=name == facts["target"]) for name in names]
    return Grid(
        heads=names,
        numeric=[_is_number(table[name]) for name in names],
        rows=[list(cells) for cells in zip(*columns, strict=True)],
        left_out=len(rows) - len(shown),
        hidden=order[_MOST_MEASURES:],
    )


def beyond_controls(facts: Mapping[str, Any]) -> Grid | None:
    """Raw and partial correlation side by side, and the cross-validated gain."""
    if not facts["partial"] and not facts["incremental"]:
        return None
    partial = {entry["measure"]: entry for entry in facts["partial"]}
    gain = {entry["measure"]: entry for entry in facts["incremental"]}
    rows = [_control_row(e, partial.get(e["measure"], {}), gain.get(e["measure"], {})) for e in ranked(facts)]
    heads = ["measure", "Spearman", "partial", "95 % interval", "p", "ΔR²", "95 % interval of ΔR²"]
    return Grid(heads, [False, True, True, False, True, True, False], rows)


def regressions(facts: Mapping[str, Any]) -> Grid | None:
    """R² and slope of every form."""
    order = {entry["measure"]: i for i, entry in enumerate(ranked(facts))}
    given = sorted((e for e in facts["regressions"] if e["r2"] is not None), key=lambda e: order[e["measure"]])
    if not given:
        return None
    rows = [
        [
            Cell(entry["measure"], entry["measure"]),
            Cell(f"measure + {entry['by']}" if entry["by"] else "measure", entry["by"] or ""),
            _cell(entry["r2"], coefficient(entry["r2"]), bar=max(0.0, entry["r2"])),
            _cell(entry["coefficients"][entry["measure"]]),
            _cell(entry["coefficients"]["intercept"]),
        ]
        for entry in given
    ]
    return Grid(["measure", "form", "R²", "slope", "intercept"], [False, False, True, True, True], rows)


def holdout(facts: Mapping[str, Any]) -> Grid | None:
    """Squared error of every form on the hold-out models."""
    if not facts["holdout"]:
        return None
    rows = [
        [
            Cell(entry["measure"], entry["measure"]),
            Cell(f"measure + {entry['by']}" if entry["by"] else "measure", entry["by"] or ""),
            _cell(entry["mse"]),
            _cell(sum(value is not None for value in entry["predictions"].values())),
            _cell(entry.get("unseen", 0)),
            Cell(entry.get("reason") or ""),
        ]
        for entry in sorted(facts["holdout"], key=lambda e: (e["mse"] is None, e["mse"] or 0.0))
    ]
    heads = ["measure", "form", "mean squared error", "models predicted", "unseen levels", "remark"]
    return Grid(heads, [False, False, True, True, True, False], rows)


def definitions(facts: Mapping[str, Any], context: ReportContext) -> Grid | None:
    """What each measure is, from the definitions given, by bare name."""
    rows = []
    for name in dict.fromkeys(bare(entry["measure"]) for entry in facts["correlations"]):
        whole = next((e["measure"] for e in facts["correlations"] if bare(e["measure"]) == name), name)
        known = context.measures.get(whole) or context.measures.get(name)
        if known:
            texts = [name, *(str(known.get(part) or NOTHING) for part in ("description", "unit"))]
            rows.append(
                [Cell(t, t) for t in (*texts, _range(known.get("range")), str(known.get("direction") or NOTHING))]
            )
    return Grid(["measure", "what it is", "unit", "range", "direction"], [False] * 5, rows) if rows else None


def what_ran(table: pd.DataFrame, facts: Mapping[str, Any], context: ReportContext) -> list[tuple[str, str]]:
    """Label and value of what the table and the context say was run."""
    models = int(table["model"].nunique()) if "model" in table.columns else len(table)
    found = [("models", f"{models:,}" if models == len(table) else f"{models:,} in {len(table):,} rows")]
    for name in FACTORS:
        if name in table.columns and table[name].notna().any():
            found.append((_FACTOR_NAMES.get(name, name), _levels(table[name])))
    tasks = [name.removeprefix("score.") for name in score_columns(table, facts["target"])]
    found.append(("scores", listed(tasks)))
    given = {str(key): readable(value) for key, value in context.settings.items()}
    return [(key, value) for key, value in found if key not in given] + list(given.items())


_FACTOR_NAMES = {"alpha": "noise α (percent)", "noise_seed": "noise seeds", "kind": "perturbation"}


def _levels(column: pd.Series[Any]) -> str:
    levels = column.dropna().unique().tolist()
    return listed([number(level) for level in (sorted(levels) if _is_number(column) else levels)])


def _control_row(raw: Mapping[str, Any], partial: Mapping[str, Any], gain: Mapping[str, Any]) -> list[Cell]:
    return [
        Cell(raw["measure"], raw["measure"]),
        _cell(raw["spearman"], coefficient(raw["spearman"])),
        _cell(partial.get("spearman"), coefficient(partial.get("spearman"))),
        Cell(interval(partial.get("ci"))),
        _cell(partial.get("p"), probability(partial.get("p"))),
        _cell(gain.get("delta_r2"), _signed(gain.get("delta_r2"))),
        Cell(interval(gain.get("ci"))),
    ]


def _signed(value: float | None) -> str:
    return NOTHING if value is None else f"{value:+.3f}".replace("-", "−")


def _column(column: pd.Series[Any], *, bar: bool) -> list[Cell]:
    if not _is_number(column):
        return [
            Cell("" if missing else str(v), "" if missing else str(v))
            for v, missing in zip(column, column.isna(), strict=True)
        ]
    values = [float(v) for v in column.to_numpy(float, na_value=math.nan)]
    sound = [v for v in values if math.isfinite(v)]
    low, high = min(sound, default=0.0), max(sound, default=0.0)
    shares = [
        0.03 + 0.97 * (v - low) / (high - low) if bar and high > low and math.isfinite(v) else None for v in values
    ]
    texts = aligned(values)
    return [_cell(v, text, share) for v, text, share in zip(values, texts, shares, strict=True)]


def _cell(value: float | None, text: str | None = None, bar: float | None = None) -> Cell:
    missing = value is None or not math.isfinite(value)
    return Cell(text if text is not None else number(value), "" if missing else repr(float(value or 0.0)), bar)


def _is_number(column: pd.Series[Any]) -> bool:
    return bool(types.is_numeric_dtype(column) and not types.is_bool_dtype(column))


def _range(bounds: Sequence[Any] | str | None) -> str:
    if not bounds:
        return NOTHING
    if isinstance(bounds, str):
        return bounds
    low, high = (None if b is None else number(b) for b in bounds)
    return f"{low or 'no bound'} … {high or 'no bound'}" if low or high else "no bounds"
