"""What every chart shares: one definition that the page and the picture files are both drawn from.

A spec is Vega-Lite with data by name and with `"$…"` where a value is put in: the measure picked,
its order, the width. Texts that a user wrote stand in the data and in what is put in, never in
the spec itself, so none of them is ever taken for a place to fill. Colours are the page's names.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

Spec = dict[str, Any]
Rows = list[dict[str, Any]]
PALETTE = [f"var(--c{i})" for i in range(1, 11)]
# Middle tones, readable on white and on near-black alike: a continuous scale cannot hold names of colours.
SEQUENCE = ["#4f6fe0", "#9a52cf", "#e0518a", "#f2923c"]
ROW = (25, 38)  # height of a row of a ranking; a phone has the name above it
MOST_ROWS = 60


@dataclass(frozen=True)
class Option:
    """One thing to pick: what a reader sees, and the values it puts into the spec."""

    value: str
    text: str
    binds: Mapping[str, Any]


@dataclass(frozen=True)
class Picker:
    """A choice above a chart; the first option is drawn first."""

    role: str
    label: str
    options: Sequence[Option]


@dataclass(frozen=True)
class Chart:
    """A chart by one definition.

    Attributes:
        name: its name in the page and of its picture files.
        label: what it shows, for those who cannot see it.
        spec: the Vega-Lite of a wide (False) or a narrow (True) page.
        data: rows by the name under which the spec asks for them.
        caption: one line with the figures.
        pickers: what a reader may choose.
        binds: values put in whatever is picked.
        room: width that a spec of several views needs beside `$width`, wide and narrow.
        row: height of one row of `$order`, wide and narrow; `$height` is that of all of them.
    """

    name: str
    label: str
    spec: Callable[[bool], Spec]
    data: Mapping[str, Rows]
    caption: str = ""
    pickers: Sequence[Picker] = ()
    binds: Mapping[str, Any] = field(default_factory=dict)
    room: tuple[int, int] = (0, 0)
    row: tuple[float, float] = (0, 0)

    def bound(self, width: int, narrow: bool = False) -> Spec:
        """The Vega-Lite as it is drawn before anything is picked: with the first option of every picker."""
        firsts = [picker.options[0].binds for picker in self.pickers if picker.options]
        values = {key: value for binds in (self.binds, *firsts) for key, value in binds.items()}
        height = self.row[narrow] * len(values.get("$order", ()))
        return bind(self.spec(narrow), {**values, "$width": width - self.room[narrow], "$height": height})


def bind(spec: Any, values: Mapping[str, Any]) -> Any:
    """A spec with each `"$name"` replaced by its value; what is put in is not looked into."""
    if isinstance(spec, str):
        return values.get(spec, spec) if spec.startswith("$") else spec
    if isinstance(spec, dict):
        return {key: bind(value, values) for key, value in spec.items()}
    return [bind(value, values) for value in spec] if isinstance(spec, list) else spec


def single(spec: Spec) -> Spec:
    """A chart of one view, as wide as its place."""
    return {**spec, "width": "$width", "autosize": {"type": "fit-x", "contains": "padding"}}


def number(field: str, title: str | None, **more: Any) -> Spec:
    """A quantitative channel whose scale need not hold zero."""
    axis = {"tickCount": 6, "labelFlush": False, **more.pop("axis", {})}
    scale = {"zero": False, "nice": True, **more.pop("scale", {})}
    return {"field": field, "type": "quantitative", "title": title, "axis": axis, "scale": scale, **more}


def told(*fields: tuple[str, str] | tuple[str, str, str]) -> list[Spec]:
    """What a pointer is told: field, title, and a format for numbers."""
    return [
        {"field": f[0], "title": f[1], "type": "quantitative" if len(f) > 2 else "nominal"}
        | ({"format": f[2]} if len(f) > 2 else {})
        for f in fields
    ]


def rows_axis(narrow: bool, field: str = "measure", limit: int = 320) -> Spec:
    """The names of a ranking down the left side; on a narrow page `names_above` writes them instead."""
    axis = {"labelLimit": limit, "ticks": False, "domain": False, "labelColor": "var(--ink)", "labelPadding": 10}
    scale = {"domain": "$order"}
    return {"field": field, "type": "nominal", "title": None, "scale": scale, "axis": None if narrow else axis}


def names_above(narrow: bool, y: Spec, rise: int = 9) -> list[Spec]:
    """On a narrow page: each row's name above its marks, the lines behind it cleared."""
    if not narrow:
        return []
    mark = {"type": "text", "align": "left", "baseline": "middle", "yOffset": -rise, "fontSize": 11.5, "x": 0}
    mark |= {"limit": {"expr": "width - 4"}, "tooltip": None}
    halo = {"color": "var(--card)", "stroke": "var(--card)", "strokeWidth": 5, "strokeJoin": "round"}
    names = {"aggregate": [{"op": "count", "as": "rows"}], "groupby": [y["field"]]}
    layer = {"transform": [names], "encoding": {"y": y, "text": {"field": y["field"], "type": "nominal"}}}
    return [{**layer, "mark": {**mark, **look}} for look in (halo, {"color": "var(--ink)"})]


def marks_offset(narrow: bool) -> int:
    """How far below the middle of its row a mark stands where the name is above it."""
    return 7 if narrow else 0


def upright(at: float, dash: bool = False) -> Spec:
    """A rule across the rows at one value."""
    mark: Spec = {"type": "rule", "color": "var(--soft)", "strokeWidth": 1, "opacity": 0.8, "tooltip": None}
    mark |= {"strokeDash": [4, 4]} if dash else {}
    return {"data": {"values": [{}]}, "mark": mark, "encoding": {"x": {"datum": at}}}


def legend_above(narrow: bool, **more: Any) -> Spec:
    """A legend above the chart, in as many columns as fit."""
    return {
        "orient": "top",
        "title": None,
        "symbolOpacity": 1,
        "columns": 2 if narrow else 5,
        "labelLimit": 230,
        **more,
    }


def config(narrow: bool, font: str) -> Spec:
    """The look that all charts share."""
    return {
        "background": None,
        "font": font,
        "view": {"stroke": None},
        "axis": {
            "labelColor": "var(--soft)", "titleColor": "var(--ink)", "domainColor": "var(--line)",
            "tickColor": "var(--line)", "gridColor": "var(--grid)", "labelFontSize": 11 if narrow else 12,
            "titleFontSize": 12 if narrow else 13, "titleFontWeight": 600, "titlePadding": 8, "labelPadding": 5,
            "titleLimit": 300 if narrow else 560,
        },
        "legend": {
            "labelColor": "var(--ink)", "titleColor": "var(--soft)", "labelFontSize": 12, "titleFontSize": 12,
            "titleFontWeight": 600, "labelLimit": 220, "titleLimit": 220,
        },
        "range": {"category": PALETTE, "ramp": SEQUENCE},
    }  # fmt: skip
