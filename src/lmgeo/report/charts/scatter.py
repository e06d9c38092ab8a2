"""Two columns of the models against each other: dots, or tiles where dots would hide one another.

The page fills `rows` from the models' columns, and `picked` with the models that are selected in
any chart or table; a picture file is filled here. A rectangle drawn with a mouse selects; the page
takes that away under a finger, which scrolls.
"""

from __future__ import annotations

from lmgeo.report.charts import base
from lmgeo.report.charts.base import Chart, Rows, Spec
from lmgeo.report.models import Column, Models

MOST_DOTS = 2000
_TILES = (56, 36)


def scatter(models: Models, x: str, y: str, colour: str | None, name: str = "scatter") -> Chart:
    """One pair of columns as a chart for a picture file; the page makes its own from the same specs."""
    across, of = models.column(x), models.column(colour) if colour else None
    rows = pairs(models, across, models.column(y), of)
    form = form_of(len(rows), across, of)
    encoding = colour_encoding(of) if of else no_colour()
    return Chart(
        name=name,
        label=f"{x} against {y}",
        spec=lambda narrow: spec(narrow, form, brush=False),
        data={"rows": rows, "picked": []},
        binds={"$x": x, "$y": y, "$colour": encoding["wide"]},
    )


def form_of(count: int, x: Column, colour: Column | None) -> str:
    """The form that so many models need: the page's script chooses likewise."""
    if not x.is_number:
        return "levels"
    if count <= MOST_DOTS:
        return "dots"
    return "tiles" if colour is None or colour.is_number else "tiles-names"


def pairs(models: Models, x: Column, y: Column, colour: Column | None) -> Rows:
    """A row for each model that has both values: its place, name, x, y, colour, and a shift between levels."""
    of = colour.values if colour else [None] * len(models.names)
    found = zip(models.names, x.values, y.values, of, strict=True)
    return [
        {"i": i, "model": name, "x": a, "y": b, "c": c, "j": (i * 0.6180339887) % 1}
        for i, (name, a, b, c) in enumerate(found)
        if a is not None and b is not None
    ]


FORMS = ("dots", "levels", "tiles", "tiles-names")


def specs() -> dict[str, dict[str, Spec]]:
    """Every form of the scatter, wide and narrow."""
    return {form: {"wide": spec(False, form), "narrow": spec(True, form)} for form in FORMS}


def colour_encoding(column: Column) -> dict[str, Spec]:
    """How a column colours dots, on a wide and on a narrow page."""
    return {width: _colour(column, width == "narrow") for width in ("wide", "narrow")}


def no_colour() -> dict[str, Spec]:
    """One colour for all."""
    return {width: {"value": "var(--c1)"} for width in ("wide", "narrow")}


def _colour(column: Column, narrow: bool) -> Spec:
    title = "noise α (percent)" if column.name == "alpha" else column.name
    if not column.is_number:
        legend = base.legend_above(narrow, symbolType="circle", title=title)
        return {"field": "c", "type": "nominal", "title": title, "scale": {"range": base.PALETTE}, "legend": legend}
    known = [v for v in column.values if isinstance(v, (int, float))]
    low, high = min(known, default=0), max(known, default=1)
    root = low >= 0 and high > 10
    legend = {"orient": "top", "gradientLength": 180 if narrow else 260, "gradientThickness": 10, "title": title}
    legend |= {"values": marks(low, high)} if root else {"tickCount": 5}
    scale = {"type": "sqrt" if root else "linear", "range": base.SEQUENCE, "domain": [low, high]}
    return {"field": "c", "type": "quantitative", "title": title, "scale": scale, "legend": legend}


def marks(low: float, high: float) -> list[float]:
    """Round values that stand apart on a square-root scale."""
    return sorted({v for share in (0, 0.05, 0.2, 0.5, 1) if low <= (v := float(f"{share * high:.1g}")) <= high})


def spec(narrow: bool, form: str, brush: bool = True) -> Spec:
    """The scatter's Vega-Lite: the line of least squares, dots or tiles, and the models picked on top.

    Args:
        narrow: for a phone or half a page.
        form: `dots`; `levels` where x is no number; `tiles`, coloured by a mean, or `tiles-names`, by the commonest.
        brush: whether a rectangle selects.
    """
    levels = form == "levels"
    x, y = _x(narrow, levels), base.number("y", "$y")
    place: Spec = {"x": x, "y": y} | ({"xOffset": _SHIFT} if levels else {})
    many = _tiles(x, y, names=form == "tiles-names") if form.startswith("tiles") else _dots(place)
    return base.single(
        {
            "data": {"name": "rows"},
            "params": [{"name": "any", "value": False}],
            "height": 300 if narrow else 380,
            "layer": [many, *([] if levels else [_line(x, y)]), _picked(place, select=brush)],
        }
    )


_SHIFT = {"field": "j", "type": "quantitative", "scale": {"domain": [-0.5, 1.5]}}


def _x(narrow: bool, levels: bool) -> Spec:
    if not levels:
        return base.number("x", "$x", axis={"tickCount": 4 if narrow else 8})
    axis = {"labelAngle": -30 if narrow else 0, "labelLimit": 90 if narrow else 160, "grid": False}
    return {"field": "x", "type": "nominal", "title": "$x", "axis": axis}


def _told() -> list[Spec]:
    return [
        {"field": "model", "title": "model", "type": "nominal"},
        {"field": "x", "title": "$x"},
        {"field": "y", "title": "$y", "type": "quantitative", "format": ".4~g"},
        {"field": "c", "title": "colour"},
    ]


def _dots(place: Spec) -> Spec:
    mark = {"type": "circle", "size": {"expr": "length(data('rows')) > 400 ? 28 : 64"}, "stroke": "var(--card)"}
    faint = {"condition": {"test": "any", "value": 0.18}, "value": 0.8}
    encoding = {**place, "color": "$colour", "opacity": faint, "tooltip": _told()}
    return {"name": "dots", "mark": {**mark, "strokeWidth": 0.6, "cursor": "pointer"}, "encoding": encoding}


def _tiles(x: Spec, y: Spec, names: bool) -> Spec:
    shade = {"field": "n", "type": "quantitative", "legend": None, "scale": {"type": "log", "range": [0.35, 1]}}
    tooltip = base.told(("n", "models here", ",d"), ("example", "one of them"))
    across, up = _TILES
    return {
        "name": "tiles",
        "transform": [
            {"bin": {"maxbins": across}, "field": "x", "as": ["x0", "x1"]},
            {"bin": {"maxbins": up}, "field": "y", "as": ["y0", "y1"]},
            *(_COMMONEST if names else _MEAN),
            {"calculate": "datum.first.model", "as": "example"},
        ],
        "mark": {"type": "rect", "stroke": None, "opacity": {"expr": "any ? 0.35 : 1"}},
        "encoding": {
            "x": {**x, "field": "x0"}, "x2": {"field": "x1"}, "y": {**y, "field": "y0"}, "y2": {"field": "y1"},
            "color": "$colour", "fillOpacity": shade, "tooltip": tooltip,
        },
    }  # fmt: skip


_TILE = ["x0", "x1", "y0", "y1"]
_FIRST = {"op": "argmin", "field": "i", "as": "first"}
_COUNT = {"op": "count", "as": "n"}
_MEAN = [{"aggregate": [_COUNT, {"op": "mean", "field": "c", "as": "c"}, _FIRST], "groupby": _TILE}]
_COMMONEST = [
    {"aggregate": [{"op": "count", "as": "of"}, _FIRST], "groupby": [*_TILE, "c"]},
    {"joinaggregate": [{"op": "sum", "field": "of", "as": "n"}], "groupby": _TILE},
    {
        "window": [{"op": "row_number", "as": "place"}],
        "groupby": _TILE,
        "sort": [{"field": "of", "order": "descending"}, {"field": "c", "order": "ascending"}],
    },
    {"filter": "datum.place === 1"},
]


def _line(x: Spec, y: Spec) -> Spec:
    mark = {"type": "line", "color": "var(--soft)", "strokeWidth": 1.5, "strokeDash": [5, 4], "tooltip": None}
    fit = [{"regression": "y", "on": "x"}, {"filter": "isFinite(datum.y)"}]
    return {"name": "line", "transform": fit, "mark": mark, "encoding": {"x": x, "y": y}}


def _picked(place: Spec, select: bool) -> Spec:
    many = "length(data('picked')) > 150"
    mark = {"type": "circle", "opacity": 1, "stroke": "var(--ink)", "cursor": "pointer"}
    mark |= {"size": {"expr": f"{many} ? 22 : 80"}, "strokeWidth": {"expr": f"{many} ? 0.5 : 1.2"}}
    look = {"fill": "var(--ink)", "fillOpacity": 0.08, "stroke": "var(--ink)", "strokeOpacity": 0.6}
    brush = [{"name": "brush", "select": {"type": "interval", "encodings": ["x", "y"], "mark": look}}]
    encoding = {**place, "color": "$colour", "tooltip": _told()}
    layer = {"name": "picked", "data": {"name": "picked"}, "mark": mark, "encoding": encoding}
    return {**layer, "params": brush} if select else layer
