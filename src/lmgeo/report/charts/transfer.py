"""Prediction across families: each form's error beside that of the mean, its calibration and its coverage."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from lmgeo.report.charts import base
from lmgeo.report.charts.base import Chart, Option, Picker, Spec
from lmgeo.report.summary import ranked
from lmgeo.report.wording import coefficient, listed

_COLOURS = {"measure": "var(--c1)", "choices + measure": "var(--c3)", "choices": "var(--c2)"}
_ALONE = "without geometry"
_QUANTITIES = {
    "error": ("squared error, the mean's = 1", "squared error, the mean's = 1 (log)", 1.0),
    "slope": ("calibration slope", "calibration slope (1 is right)", 1.0),
    "coverage": ("coverage of 95 % intervals", "models inside their 95 % interval", 0.95),
}


def transfer(facts: Mapping[str, Any]) -> Chart | None:
    """A row a measure, a dot a form, for each column whose levels were held out; None without any."""
    entries = [e for e in facts.get("transfer") or [] if e.get("mse") is not None]
    rows = [row for e in entries if e["form"] != "mean" and (row := _row(e, entries))]
    columns = [by for by in dict.fromkeys(e["by"] for e in entries) if any(r["by"] == by for r in rows)]
    if not columns:
        return None
    forms = [form for form in _COLOURS if any(r["form"] == form for r in rows)]
    quantities = [q for q in _QUANTITIES if any(r[q] is not None for r in rows)]
    rank = [e["measure"] for e in ranked(facts)]
    return Chart(
        name="transfer",
        label="Error of predictions for levels that were held out, relative to predicting the mean",
        spec=_spec,
        data={"transfer": rows},
        caption=_caption(rows, columns[0]),
        pickers=[
            Picker("by", "Held out", [Option(by, by, {"$by": by, "$order": _order(rows, by, rank)}) for by in columns]),
            Picker("quantity", "Shown", [_quantity(q) for q in quantities]),
        ],
        binds={"$forms": forms, "$colours": [_COLOURS[f] for f in forms]},
        row=base.ROW,
    )


def _quantity(name: str) -> Option:
    text, title, goal = _QUANTITIES[name]
    scale = {"nice": False, "padding": 14} | ({"type": "log"} if name == "error" else {"zero": False})
    return Option(name, text, {"$quantity": name, "$title": title, "$goal": goal, "$scale": scale})


def _row(entry: Mapping[str, Any], entries: Sequence[Mapping[str, Any]]) -> dict[str, Any] | None:
    same = (e for e in entries if e["by"] == entry["by"] and e["form"] == "mean")
    mean = next(same, None)
    if mean is None or not mean["mse"]:
        return None
    error = max(entry["mse"] / mean["mse"], 1e-6)  # a log scale holds no zero
    calibration: Mapping[str, Any] = entry.get("calibration") or {}
    found = {"by": entry["by"], "measure": entry["measure"] or _ALONE, "form": entry["form"], "error": error}
    found |= {"slope": calibration.get("slope"), "coverage": entry.get("coverage"), "r2": entry.get("r2")}
    return {**found, "levels": _levels(entry.get("by_level") or [], mean.get("by_level") or [])}


def _levels(own: Sequence[Mapping[str, Any]], mean: Sequence[Mapping[str, Any]]) -> str:
    """`a 0.8, b 1.3`: the error at each level, relative to the mean's there."""
    of_mean = {str(e["level"]): e["mse"] for e in mean}
    ratios = [(str(e["level"]), e["mse"], of_mean.get(str(e["level"]))) for e in own]
    return listed([f"{level} {mse / base:.2g}" for level, mse, base in ratios if mse is not None and base], 8)


def _order(rows: Sequence[Mapping[str, Any]], by: str, rank: Sequence[str]) -> list[str]:
    there = {r["measure"] for r in rows if r["by"] == by}
    first = [_ALONE] if _ALONE in there else []
    return [*first, *[m for m in rank if m in there]][: base.MOST_ROWS]


def _caption(rows: Sequence[Mapping[str, Any]], by: str) -> str:
    mine = [r for r in rows if r["by"] == by]
    best = min(mine, key=lambda r: r["error"])
    what = "the choices" if best["measure"] == _ALONE else f"{best['measure']} ({best['form']})"
    return (
        f"Each level of {by} predicted from fits on all others. Left of the line a form does better than predicting "
        f"the mean; the best is {what} at {coefficient(best['error'])}. Hover for the error at each level."
    )


def _spec(narrow: bool) -> Spec:
    y, dy = base.rows_axis(narrow), base.marks_offset(narrow)
    axis = {"orient": "top", "domain": False, "ticks": False, "tickCount": 4 if narrow else 6, "format": "~g"}
    x = {"field": "value", "type": "quantitative", "title": "$title", "axis": axis, "scale": "$scale"}
    tooltip = base.told(
        ("measure", "measure"), ("form", "form"), ("error", "error (mean = 1)", ".3f"), ("r2", "R²", ".3f"),
        ("slope", "calibration slope", ".2f"), ("coverage", "coverage", ".0%"), ("levels", "by level"),
    )  # fmt: skip
    colour: Spec = {"field": "form", "type": "nominal", "scale": {"domain": "$forms", "range": "$colours"}}
    colour |= {"title": None, "legend": base.legend_above(narrow)}
    dot = {"type": "point", "filled": True, "size": 90, "opacity": 0.9, "yOffset": dy}
    goal = {"type": "rule", "color": "var(--soft)", "strokeDash": [4, 4], "tooltip": None}
    choices = {**goal, "color": "var(--c2)", "strokeDash": [1, 0], "opacity": 0.6}
    alone = {"filter": f"datum.measure === '{_ALONE}'"}
    return base.single(
        {
            "data": {"name": "transfer"},
            "params": [{"name": p, "value": f"${p}"} for p in ("by", "quantity", "order")],
            "transform": [
                {"filter": "datum.by === by && indexof(order, datum.measure) >= 0"},
                {"calculate": "datum[quantity]", "as": "value"},
                {"filter": "isValid(datum.value)"},
            ],
            "height": "$height",
            "layer": [
                {"data": {"values": [{}]}, "mark": goal, "encoding": {"x": {"datum": "$goal"}}},
                {"transform": [alone], "mark": choices, "encoding": {"x": x}},
                {"mark": dot, "encoding": {"y": y, "x": x, "color": colour, "tooltip": tooltip}},
                *base.names_above(narrow, y),
            ],
        }
    )
