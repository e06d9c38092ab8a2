"""The numbers behind the charts, compact, as JSON that is safe inside a page."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from pandas.api import types

from lmgeo.analysis.columns import FACTORS
from lmgeo.report.curves import axis_title, model_names, score_curves
from lmgeo.report.summary import SIGNIFICANT, ranked

if TYPE_CHECKING:
    import pandas as pd

_MOST_ROWS = 800
_MOST_LEVELS = 10
_DIGITS = 5


def payload(table: pd.DataFrame, facts: Mapping[str, Any]) -> dict[str, Any]:
    """What the page's script draws: ranking, scatter and curves."""
    order = ranked(facts)
    return {
        "target": facts["target"],
        "ranking": [_rank_entry(entry) for entry in order],
        "scatter": _scatter(table, facts, [entry["measure"] for entry in order]),
        "curves": _curves(table, facts["target"]),
    }


def safe_json(value: Any) -> str:
    """JSON that can stand inside a `<script>` element whatever text it holds."""
    text = json.dumps(_rounded(value), ensure_ascii=True, allow_nan=False, separators=(",", ":"))
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")


def _rank_entry(entry: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "measure": entry["measure"],
        "n": entry["n"],
        "pearson": [entry["pearson"], *(entry["pearson_ci"] or [None, None])],
        "spearman": [entry["spearman"], *(entry["spearman_ci"] or [None, None])],
        "q": entry["q"],
        "sure": bool(entry["q"] <= SIGNIFICANT),
    }


def _scatter(table: pd.DataFrame, facts: Mapping[str, Any], measures: Sequence[str]) -> dict[str, Any]:
    known = [name for name in measures if name in table.columns]
    usable = table[table[facts["target"]].notna()]
    step = math.ceil(len(usable) / _MOST_ROWS) or 1
    rows = usable.iloc[::step]
    lines = {e["measure"]: e["coefficients"] for e in facts["regressions"] if e["by"] is None and e["r2"] is not None}
    return {
        "models": model_names(rows),
        "target": _cells(rows[facts["target"]]),
        "measures": {name: _cells(rows[name]) for name in known},
        "lines": {name: [lines[name]["intercept"], lines[name][name]] for name in known if name in lines},
        "colours": [
            {"name": name, "numeric": _numeric(rows[name]), "values": _cells(rows[name])}
            for name in colours(table, facts)
        ],
        "thinned": [len(rows), len(usable)] if step > 1 else None,
    }


def colours(table: pd.DataFrame, facts: Mapping[str, Any]) -> list[str]:
    """The columns that can colour points: α first, then other factors and names with few levels."""
    taken = {facts["target"], "model", *(e["measure"] for e in facts["correlations"])}
    first = [name for name in ("alpha", "family", "base") if name in table.columns]
    rest = [name for name in table.columns if name in FACTORS or not types.is_numeric_dtype(table[name])]
    return [name for name in dict.fromkeys([*first, *rest]) if name not in taken and _colourable(table[name])]


def _colourable(column: pd.Series[Any]) -> bool:
    levels = int(column.nunique())
    return levels > 1 and (_numeric(column) or levels <= _MOST_LEVELS)


def _numeric(column: pd.Series[Any]) -> bool:
    return bool(types.is_numeric_dtype(column) and not types.is_bool_dtype(column))


def _cells(column: pd.Series[Any]) -> list[Any]:
    if _numeric(column):
        return [float(v) if math.isfinite(v) else None for v in column.to_numpy(float, na_value=math.nan)]
    return [None if missing else str(value) for value, missing in zip(column, column.isna(), strict=True)]


def _curves(table: pd.DataFrame, target: str) -> dict[str, Any] | None:
    curves = score_curves(table, target)
    return None if curves is None else {**curves, "title": axis_title(curves["axis"])}


def _rounded(value: Any) -> Any:
    if isinstance(value, float):
        if not math.isfinite(value):
            return None
        short = float(f"{value:.{_DIGITS}g}")
        return int(short) if short.is_integer() and abs(short) < 2**53 else short
    if isinstance(value, Mapping):
        return {str(k): _rounded(v) for k, v in value.items()}
    if isinstance(value, (list, tuple)):
        return [_rounded(v) for v in value]
    return value
