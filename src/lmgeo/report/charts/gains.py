"""What each measure, and all of them together, adds to the controls in cross-validation."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from lmgeo.report.charts import base
from lmgeo.report.charts.base import Chart, Spec
from lmgeo.report.summary import clear
from lmgeo.report.wording import coefficient, count

LINEAR, BOOSTED = "linear", "boosted trees"
_FORMS = {LINEAR: ("var(--c1)", "circle"), BOOSTED: ("var(--c2)", "diamond")}


def gains(facts: Mapping[str, Any]) -> Chart | None:
    """ΔR² with intervals, all measures together first; None without controls."""
    together = facts.get("incremental_all") or {}
    everything = f"all {count(len(together.get('measures') or []), 'measure')} together"
    rows = _rows(everything, {LINEAR: together.get("linear"), BOOSTED: together.get("boosted")})
    entries = sorted(facts.get("incremental") or [], key=lambda e: -(e.get("delta_r2") or -1e9))
    for entry in entries[: base.MOST_ROWS]:
        rows += _rows(entry["measure"], {LINEAR: entry, BOOSTED: entry.get("boosted")})
    if not rows:
        return None
    order = list(dict.fromkeys(r["measure"] for r in rows))
    forms = [form for form in _FORMS if any(r["form"] == form for r in rows)]
    return Chart(
        name="gains",
        label="Cross-validated R² that each measure adds to the controls",
        spec=_spec,
        data={"gains": rows},
        caption=_caption(facts, rows),
        binds={"$order": order, "$forms": forms, **_looks(forms)},
        row=(base.ROW[0], base.ROW[1] + 8),  # two marks a row
    )


def _looks(forms: list[str]) -> dict[str, Any]:
    return {"$colours": [_FORMS[f][0] for f in forms], "$shapes": [_FORMS[f][1] for f in forms]}


def _rows(name: str, forms: Mapping[str, Mapping[str, Any] | None]) -> list[dict[str, Any]]:
    found = []
    for form, entry in forms.items():
        if entry and entry.get("delta_r2") is not None:
            low, high = entry.get("ci") or (None, None)
            known = {"measure": name, "form": form, "gain": entry["delta_r2"], "baseline": entry.get("baseline_r2")}
            found.append({**known, "low": low, "high": high, "sure": clear(entry.get("ci"))})
    return found


def _caption(facts: Mapping[str, Any], rows: list[dict[str, Any]]) -> str:
    alone = {r["form"]: r["baseline"] for r in rows if r["baseline"] is not None}
    said = " and ".join(f"{coefficient(value)} ({form})" for form, value in alone.items())
    first: Mapping[str, Any] = next(iter(facts.get("incremental") or []), facts.get("incremental_all") or {})
    grouped = f", whole groups of {first['grouped_by']} held out together" if first.get("grouped_by") else ""
    lines = " Lines are 95 % intervals." if any(r["low"] is not None for r in rows) else " None has an interval."
    return (
        f"R² gained in {first.get('folds')}-fold cross-validation{grouped}; right of zero, geometry predicts what the "
        f"controls do not.{lines} The controls alone reach an R² of {said}."
    )


def _spec(narrow: bool) -> Spec:
    y, dy = base.rows_axis(narrow), 9 if narrow else 0
    layers = [layer for form, aside in ((LINEAR, -5), (BOOSTED, 5)) for layer in _form(form, y, aside + dy, narrow)]
    layer = [base.upright(0), *layers, *base.names_above(narrow, y, rise=13)]
    return base.single({"data": {"name": "gains"}, "height": "$height", "layer": layer})


def _form(form: str, y: Spec, dy: int, narrow: bool) -> list[Spec]:
    """Interval and dot of one form, a little above or below the middle of its row."""
    axis = {"orient": "top", "domain": False, "ticks": False, "tickCount": 4 if narrow else 7}
    x = base.number("gain", "ΔR² beyond the controls", axis=axis, scale={"nice": False, "padding": 12})
    tooltip = base.told(
        ("measure", "measure"), ("form", "model"), ("gain", "ΔR²", "+.4f"), ("low", "from", "+.4f"),
        ("high", "to", "+.4f"), ("baseline", "R² of the controls", ".3f"),
    )  # fmt: skip
    colour = {"field": "form", "type": "nominal", "scale": {"domain": "$forms", "range": "$colours"}, "title": None}
    colour |= {"legend": base.legend_above(narrow)}
    shape = {**colour, "scale": {"domain": "$forms", "range": "$shapes"}}
    fill = {"condition": {"test": "datum.sure", **colour}, "value": "var(--card)"}
    line = {
        "type": "rule",
        "color": _FORMS[form][0],
        "strokeWidth": 3,
        "opacity": 0.4,
        "strokeCap": "round",
        "yOffset": dy,
    }
    dot = {"type": "point", "filled": True, "size": 62, "strokeWidth": 2, "opacity": 1, "yOffset": dy}
    interval = {"y": y, "x": {**x, "field": "low"}, "x2": {"field": "high"}, "tooltip": tooltip}
    place = {"y": y, "x": x, "tooltip": tooltip, "stroke": colour, "shape": shape, "fill": fill}
    mine = {"filter": f"datum.form === '{form}'"}
    return [
        {"transform": [mine, {"filter": "isValid(datum.low)"}], "mark": line, "encoding": interval},
        {"transform": [mine], "mark": dot, "encoding": place},
    ]
