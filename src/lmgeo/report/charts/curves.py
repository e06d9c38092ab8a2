"""Scores along a factor such as the strength of noise: means with bands, a dot a model."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from lmgeo.report.charts import base
from lmgeo.report.charts.base import Chart, Option, Picker, Spec
from lmgeo.report.curves import axis_title, score_curves

if TYPE_CHECKING:
    import pandas as pd


def curves(table: pd.DataFrame, facts: Mapping[str, Any]) -> Chart | None:
    """One line a score; a picker of bases where there are several. None where no factor varies."""
    found = score_curves(table, facts["target"])
    if found is None or not found["means"]:
        return None
    title = axis_title(found["axis"])
    far = max(m["x"] for m in found["means"])
    wide = found["axis"] == "alpha" and far > 10
    bands = (
        "Bands are 95 % intervals of the mean, the spread between runs pooled over the axis."
        if found["intervals"]
        else ""
    )
    groups = [Option(g, g or "–", {"$group": g}) for g in found["groups"]]
    binds = {"$scores": found["scores"], "$colours": [base.PALETTE[i % 10] for i in range(len(found["scores"]))]}
    return Chart(
        name="curves",
        label=f"Scores along {title}, one line a score",
        spec=lambda narrow: _spec(narrow, title, _ticks(far, narrow) if wide else None),
        data={"means": found["means"], "points": found["points"]},
        caption=f"Each dot is a model; lines join the means. {bands}".strip(),
        pickers=[Picker("group", "Base", groups)] if groups else [],
        binds=binds,
    )


def _ticks(far: float, narrow: bool) -> list[float]:
    """Round values that stand apart on a square-root scale."""
    if far == 100 and not narrow:
        return [0, 1, 5, 10, 20, 30, 50, 70, 100]
    return sorted({float(f"{share * far:.1g}") for share in (0, 0.05, 0.2, 0.5, 1)} - {v for v in [far] if v < 0})


def _spec(narrow: bool, title: str, ticks: Sequence[float] | None) -> Spec:
    scale = {"type": "sqrt" if ticks else "linear", "nice": False, "padding": 8, "zero": False}
    axis = {"values": list(ticks)} if ticks else {"tickCount": 4 if narrow else 8}
    x = {"field": "x", "type": "quantitative", "scale": scale, "title": title, "axis": axis}
    y = base.number("mean", "score")
    legend = base.legend_above(narrow, symbolType="stroke", symbolStrokeWidth=3)
    domain = {"domain": "$scores", "range": "$colours"}
    color = {"field": "score", "type": "nominal", "title": None, "scale": domain, "legend": legend}
    tooltip = base.told(("model", "model"), ("score", "score"), ("x", title, "~g"), ("y", "value", ".4f"))
    band = {"mark": {"type": "area", "opacity": 0.11}, "transform": [{"filter": "isValid(datum.low)"}]}
    line = {"type": "line", "strokeWidth": 2.2, "strokeJoin": "round"}
    dot = {"type": "circle", "size": 34, "opacity": 0.75}
    return base.single(
        {
            "data": {"name": "means"},
            "params": [{"name": "base", "value": "$group"}],
            "transform": [{"filter": "datum.group === base"}],
            "height": 280 if narrow else 360,
            "layer": [
                {**band, "encoding": {"x": x, "y": {**y, "field": "low"}, "y2": {"field": "high"}, "color": color}},
                {"mark": line, "encoding": {"x": x, "y": y, "color": color}},
                {
                    "data": {"name": "points"},
                    "transform": [{"filter": "datum.group === base"}],
                    "mark": dot,
                    "encoding": {"x": x, "y": {**y, "field": "y"}, "color": color, "tooltip": tooltip},
                },
            ],
        }
    )
