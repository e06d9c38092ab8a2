"""Charts as picture files, from the same specs that the page draws."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from lmgeo.core.errors import UnknownName
from lmgeo.report.bundle import coloured
from lmgeo.report.charts.base import Chart, config

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
