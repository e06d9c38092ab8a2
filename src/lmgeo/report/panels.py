"""Small panels side by side, one a measure: the value by depth, its spread, and null references as faint lines."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

PANEL = {"width": 176, "height": 104}  # of one measure, without its axis
AXIS, GAP = 44, 14  # beside each panel
MODEL = "model"
COLOURS = {MODEL: "--c1", "gaussian": "--c5", "shuffled": "--c4", "untrained": "--c2"}
DASHES: dict[str, list[int]] = {MODEL: [1, 0], "gaussian": [2, 3], "shuffled": [6, 3], "untrained": [8, 3, 2, 3]}
_COLUMNS = 5  # of the picture; the page fits its own
_TOLD = [{"field": "measure"}, {"field": "site"}, {"field": "value", "format": ".5~g"}]


def chart(points: Sequence[Mapping[str, Any]], sites: Sequence[str], legend: Sequence[str] = ()) -> dict[str, Any]:
    """A panel for each measure, each with a scale of its own, as Vega-Lite.

    Args:
        points: `measure`, `site`, `depth`, `kind`, `value`; of the model `low`, `high`, `spread`, `unit` too.
        sites: every `depth`, in order.
        legend: the kinds that a legend names; none: no legend.
    """
    heading = {"title": None, "labelAnchor": "start", "labelFontSize": 12, "labelFontWeight": 600}
    heading |= {"labelColor": "var(--ink)", "labelPadding": 3, "labelLimit": 230}
    measures = list(dict.fromkeys(p["measure"] for p in points))
    references = any(p["kind"] != MODEL for p in points)
    return {
        "data": {"values": list(points)},
        "facet": {"field": "measure", "type": "nominal", "sort": measures, "header": heading},
        "columns": _COLUMNS,
        "bounds": "flush",  # or headings would stand higher over higher labels
        "spacing": {"row": 46, "column": GAP + AXIS},
        "resolve": {"scale": {"y": "independent"}, "axis": {"x": "independent"}},
        "spec": {**PANEL, "layer": [*([_references(sites, legend)] if references else []), *_own(sites)]},
    }


def _own(sites: Sequence[str]) -> list[dict[str, Any]]:
    x, y, accent = _x(sites), _y(), f"var({COLOURS[MODEL]})"
    own = [{"filter": f"datum.kind === '{MODEL}' && isValid(datum.value)"}]
    told = [*_TOLD, {"field": "spread", "format": ".2~g"}, {"field": "unit"}]
    return [
        {
            "transform": own,
            "mark": {"type": "rule", "color": accent, "opacity": 0.45, "strokeWidth": 2},
            "encoding": {"x": x, "y": {**y, "field": "low"}, "y2": {"field": "high"}},
        },
        {
            "transform": own,
            "mark": {"type": "line", "color": accent, "strokeWidth": 1.6},
            "encoding": {"x": x, "y": {**y, "field": "value"}},
        },
        {
            "transform": own,
            "mark": {"type": "circle", "color": accent, "size": 26, "opacity": 1},
            "encoding": {"x": x, "y": {**y, "field": "value"}, "tooltip": told},
        },
    ]


def _references(sites: Sequence[str], legend: Sequence[str]) -> dict[str, Any]:
    look = {"orient": "top", "title": None, "symbolType": "stroke", "symbolStrokeWidth": 2, "symbolSize": 500}
    kind = {"field": "kind", "type": "nominal", "legend": {**look, "values": list(legend)} if legend else None}
    colours = {"domain": list(COLOURS), "range": [f"var({colour})" for colour in COLOURS.values()]}
    dashes = {"domain": list(DASHES), "range": list(DASHES.values())}
    return {
        "transform": [{"filter": f"datum.kind !== '{MODEL}'"}],
        "mark": {"type": "line", "strokeWidth": 1.3, "opacity": 0.6, "tooltip": True},
        "encoding": {
            "x": _x(sites),
            "y": {**_y(), "field": "value"},
            "color": {**kind, "scale": colours},
            "strokeDash": {**kind, "scale": dashes},
            "tooltip": [*_TOLD, {"field": "kind"}],
        },
    }


def _x(sites: Sequence[str]) -> dict[str, Any]:
    axis = {"title": None, "labelAngle": 0, "values": labelled(sites), "ticks": False, "domain": False, "grid": False}
    return {"field": "depth", "type": "ordinal", "sort": list(sites), "scale": {"domain": list(sites)}, "axis": axis}


def _y() -> dict[str, Any]:
    axis = {"tickCount": 4, "domain": False, "ticks": False, "labelFlush": 6, "minExtent": AXIS - 4}
    axis["maxExtent"] = AXIS - 4  # panels stand under one another whatever their labels
    return {"type": "quantitative", "scale": {"zero": False, "nice": True}, "title": None, "axis": axis}


def labelled(sites: Sequence[str], most: int = 7) -> list[str]:
    """The sites whose names stand under a panel: the first, the last, and others evenly between them."""
    if len(sites) <= most:
        return list(sites)
    step = (len(sites) - 1) / (most - 1)
    return [sites[round(i * step)] for i in range(most)]
