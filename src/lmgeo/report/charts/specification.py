"""The specification curve: one measure's correlation under every setting, sorted, above the settings themselves."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from lmgeo.report.charts import base
from lmgeo.report.charts.base import Chart, Option, Picker, Rows, Spec
from lmgeo.report.summary import by_strength
from lmgeo.report.wording import coefficient, count

_LEFT, _LEFT_NARROW = 230, 44  # room for the names of settings


def specification(facts: Mapping[str, Any]) -> Chart | None:
    """Sorted correlations over a dot matrix of settings; None where models stand under one setting."""
    found = facts.get("sensitivity") or {}
    given = [s for s in found.get("specifications") or [] if s.get("pearson") is not None]
    names = _names(facts, given)
    if not names:
        return None
    curve: Rows = []
    for name in names:
        mine = sorted((s for s in given if s["measure"] == name), key=lambda s: s["pearson"])
        curve += [_row(s, i) for i, s in enumerate(mine)]
    axes = [f"{column}: {level}" for column, levels in (found.get("axes") or {}).items() for level in levels]
    matrix = [{k: row[k] for k in ("measure", "at", "said")} | {"choice": c} for row in curve for c in row["chosen"]]
    return Chart(
        name="specification",
        label="The correlation of one measure under every measurement setting, above the settings",
        spec=_spec,
        data={"curve": [{k: v for k, v in row.items() if k != "chosen"} for row in curve], "matrix": matrix},
        caption="Each column is one measurement setting, its correlation above and its levels as dots below. "
        f"A relation that hangs on a setting is a property of the setting.{_turning(found)}",
        pickers=[Picker("measure", "Measure", [Option(n, f"{n}  {_span(found, n)}", {"$pick": n}) for n in names])],
        binds={"$axes": axes},
        room=(_LEFT + 24, _LEFT_NARROW + 20),
    )


def _turning(found: Mapping[str, Any]) -> str:
    """How many measures change sign with the setting."""
    known = [m for m in found.get("measures") or [] if m.get("same_sign") is not None]
    turned = sum(not m["same_sign"] for m in known)
    return f" The sign changes for {turned} of {count(len(known), 'measure')}." if known else ""


def _names(facts: Mapping[str, Any], given: Sequence[Mapping[str, Any]]) -> list[str]:
    return list(dict.fromkeys(s["measure"] for s in by_strength(facts, given)))[: base.MOST_ROWS]


def _span(found: Mapping[str, Any], name: str) -> str:
    entry: Mapping[str, Any] = next((m for m in found.get("measures") or [] if m["measure"] == name), {})
    return f"({coefficient(entry.get('pearson_min'))} to {coefficient(entry.get('pearson_max'))})" if entry else ""


def _row(entry: Mapping[str, Any], at: int) -> dict[str, Any]:
    low, high = entry.get("pearson_ci") or (None, None)
    chosen = [f"{column}: {level}" for column, level in entry["settings"].items()]
    found = {
        "measure": entry["measure"],
        "at": at,
        "r": entry["pearson"],
        "low": low,
        "high": high,
        "n": entry.get("n"),
    }
    return {**found, "p": entry.get("p"), "said": ", ".join(chosen), "chosen": chosen}


def _spec(narrow: bool) -> Spec:
    left = _LEFT_NARROW if narrow else _LEFT
    room = {"minExtent": left, "maxExtent": left}
    x = {"field": "at", "type": "ordinal", "axis": None}
    return {
        "data": {"name": "curve"},
        "params": [{"name": "pick", "value": "$pick"}],
        "spacing": 6,
        "vconcat": [_upper(narrow, x, room), _lower(narrow, x, room)],
    }


def _upper(narrow: bool, x: Spec, room: Spec) -> Spec:
    tooltip = base.told(
        ("said", "setting"), ("r", "Pearson", ".3f"), ("low", "from", ".3f"), ("high", "to", ".3f"), ("p", "p", ".2g"),
        ("n", "models", ",d"),
    )  # fmt: skip
    y = base.number("r", "Pearson", axis={**room, "titleX": -40}, scale={"zero": True})
    fill = {"condition": {"test": "datum.low > 0 || datum.high < 0", "value": "var(--accent)"}, "value": "var(--card)"}
    dot = {"type": "point", "filled": True, "size": 60, "stroke": "var(--accent)", "strokeWidth": 1.6, "opacity": 1}
    line = {"type": "rule", "strokeWidth": 3, "opacity": 0.35, "color": "var(--accent)", "strokeCap": "round"}
    zero = {"type": "rule", "color": "var(--soft)", "opacity": 0.8, "tooltip": None}
    return {
        "width": "$width",
        "height": 200 if narrow else 240,
        "transform": [{"filter": "datum.measure === pick"}],
        "layer": [
            {"data": {"values": [{}]}, "mark": zero, "encoding": {"y": {"datum": 0}}},
            {
                "transform": [{"filter": "isValid(datum.low)"}],
                "mark": line,
                "encoding": {"x": x, "y": {**y, "field": "low"}, "y2": {"field": "high"}, "tooltip": tooltip},
            },
            {"mark": dot, "encoding": {"x": x, "y": y, "fill": fill, "tooltip": tooltip}},
        ],
    }


def _lower(narrow: bool, x: Spec, room: Spec) -> Spec:
    axis = {**room, "ticks": False, "domain": False, "labelLimit": _LEFT - 12, "labelColor": "var(--ink)", "grid": True}
    if narrow:
        axis |= {"labels": False}
    y = {"field": "choice", "type": "nominal", "title": None, "scale": {"domain": "$axes"}, "axis": axis}
    dot = {"type": "circle", "size": 46, "color": "var(--ink)", "opacity": 0.9, "yOffset": base.marks_offset(narrow)}
    tooltip = base.told(("said", "setting"), ("choice", "level"))
    return {
        "width": "$width",
        "data": {"name": "matrix"},
        "transform": [{"filter": "datum.measure === pick"}],
        "height": {"step": 34 if narrow else 19},
        "layer": [{"mark": dot, "encoding": {"x": x, "y": y, "tooltip": tooltip}}, *base.names_above(narrow, y)],
    }
