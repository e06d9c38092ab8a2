"""Charts as picture files, from the same specs that the page draws."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from lmgeo.core.errors import UnknownName
from lmgeo.report.bundle import coloured
from lmgeo.report.chapter import Chapter
from lmgeo.report.charts.base import Chart, config
from lmgeo.report.charts.scatter import scatter
from lmgeo.report.comparison import comparison

FORMATS = ("png", "svg", "pdf")
_WIDTH = 820
_FONT = "Noto Sans, Liberation Sans, DejaVu Sans, Arial, sans-serif"


def check_formats(names: Sequence[str]) -> None:
    """Refuse a kind of picture that cannot be made.

    Raises:
        UnknownName: with the kinds that can.
    """
    for name in names:
        if name not in FORMATS:
            raise UnknownName.among("picture format", name, list(FORMATS))


def pictures(chapters: Sequence[Chapter], formats: Sequence[str]) -> dict[str, bytes]:
    """Every chart of a page as files: name → bytes, the chapter's number before the name where there are several.

    Raises:
        UnknownName: a format that is none.
    """
    return {f"{name}.{form}": picture(c, form) for name, c in charts_of(chapters).items() for form in formats}


def charts_of(chapters: Sequence[Chapter]) -> dict[str, Chart]:
    """The charts that can be drawn alone, with the scatters as the page first shows them."""
    several = len(chapters) > 1
    found = {
        f"{number}-{name}" if several else name: chart
        for number, one in enumerate(chapters, start=1)
        for name, chart in {**_scatters(one), **one.charts}.items()
    }
    return found | ({c.name: c for pair in comparison(chapters).pairs for c in pair.charts} if several else {})


def _scatters(one: Chapter) -> dict[str, Chart]:
    if not one.linked:
        return {}
    first, *others = one.models.of("measure")
    colours = one.models.colours()
    colour, target = (colours[0].name if colours else None), one.facts["target"]
    drawn = {"scatter": first, **({"second": others[0]} if others else {})}
    return {name: scatter(one.models, column.name, target, colour, name) for name, column in drawn.items()}


def picture(chart: Chart, form: str, title: str = "", scale: float = 2.0) -> bytes:
    """One chart as a file's bytes, on the light ground.

    Args:
        chart: what to draw; the first option of each of its pickers.
        form: `png`, `svg` or `pdf`.
        title: a line above it.
        scale: pixels a unit, of a PNG.

    Raises:
        UnknownName: no such format.
    """
    import vl_convert

    check_formats([form])
    spec = coloured(json.dumps(standalone(chart, title)))
    if form == "png":
        return bytes(vl_convert.vegalite_to_png(spec, scale=scale))
    if form == "pdf":
        return bytes(vl_convert.vegalite_to_pdf(spec))
    return str(vl_convert.vegalite_to_svg(spec)).encode()


def standalone(chart: Chart, title: str = "", narrow: bool = False) -> dict[str, Any]:
    """The chart's Vega-Lite with its data inside, complete for any program that draws Vega-Lite."""
    spec = chart.bound(390 if narrow else _WIDTH, narrow)
    heading = {"title": {"text": title, "anchor": "start", "offset": 14, "color": "var(--ink)"}} if title else {}
    look = {**config(narrow, _FONT), "background": "var(--card)"}
    return {**spec, **heading, "datasets": dict(chart.data), "padding": 14, "config": look}
