"""What a table of this size can find: power against the true partial correlation, and where this table stands."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from lmgeo.report.charts import base
from lmgeo.report.charts.base import Chart, Spec
from lmgeo.report.wider import needed
from lmgeo.report.wording import coefficient, count

GOAL = 0.8


def power(facts: Mapping[str, Any]) -> Chart | None:
    """The power curve, the smallest effect found in four of five tables, and the estimates; None without it."""
    found = facts.get("power") or {}
    curve = [p for p in found.get("partial_correlation") or [] if p.get("power") is not None]
    if len(curve) < 2:
        return None
    least = found.get("detectable_80")
    here = [] if least is None else [{"true": least, "power": GOAL, "said": f"you are here: ±{coefficient(least)}"}]
    partial = [e for e in facts.get("partial") or [] if e.get("spearman") is not None]
    seen = [{"true": abs(e["spearman"]), "measure": e["measure"]} for e in partial]
    return Chart(
        name="power",
        label="Probability of finding a partial correlation of each size",
        spec=_spec,
        data={"power": curve, "here": here, "seen": seen},
        caption=_caption(found, bool(seen)),
    )


def _caption(found: Mapping[str, Any], seen: bool) -> str:
    table = f"{count(found['n'], 'independent model')} and {count(found.get('controls') or 0, 'control')}"
    least = found.get("detectable_80")
    found_here = f"find a true partial correlation of ±{coefficient(least)} four times in five" if least else (
        "find no partial correlation four times in five"
    )  # fmt: skip
    needs = f" {needed(found)}" if needed(found) else ""
    ticks = " Ticks at the foot: the partial correlations estimated here." if seen else ""
    return f"You are here: {table} {found_here}.{needs}{ticks}"


def _beside(key: str, right: str, left: str) -> Spec:
    """Words stand on the side that has room, clear of the curve: a mark of a small table is near the right edge."""
    return {key: {"expr": f"datum.true > 0.5 ? {right} : {left}"}}


def _spec(narrow: bool) -> Spec:
    x = base.number("true", "true partial correlation, either sign", scale={"domainMin": 0, "nice": False})
    y = base.number("power", "chance of finding it", axis={"format": ".0%"}, scale={"domain": [0, 1]})
    tooltip = base.told(("true", "true correlation", ".2f"), ("power", "power", ".0%"))
    goal = {"type": "rule", "color": "var(--soft)", "strokeDash": [4, 4], "tooltip": None}
    line = {
        "type": "line",
        "color": "var(--accent)",
        "strokeWidth": 2.5,
        "interpolate": "monotone",
        "point": {"size": 24, "filled": True},
    }
    dot = {"type": "point", "filled": True, "size": 170, "color": "var(--c2)", "opacity": 1, "shape": "diamond"}
    text = {
        "type": "text",
        **_beside("align", "'right'", "'left'"),
        **_beside("dx", "-12", "12"),
        **_beside("dy", "-14", "16"),
        "fontSize": 13,
        "fontWeight": 600,
        "color": "var(--ink)",
    }
    tick = {"type": "tick", "color": "var(--c3)", "thickness": 2, "size": 14, "opacity": 0.8, "yOffset": -7}
    here = {"x": x, "y": y}
    seen = base.told(("measure", "measure"), ("true", "partial correlation (size)", ".3f"))
    return base.single(
        {
            "height": 260 if narrow else 320,
            "layer": [
                {"data": {"values": [{}]}, "mark": goal, "encoding": {"y": {"datum": GOAL}}},
                {"data": {"name": "power"}, "mark": line, "encoding": {**here, "tooltip": tooltip}},
                {"data": {"name": "seen"}, "mark": tick, "encoding": {"x": x, "y": {"datum": 0}, "tooltip": seen}},
                {"data": {"name": "here"}, "mark": dot, "encoding": here},
                {"data": {"name": "here"}, "mark": text, "encoding": {**here, "text": {"field": "said"}}},
            ],
        }
    )
