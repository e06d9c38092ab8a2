"""Measures by the strength of their correlation with the score, each with its interval."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from lmgeo.report.charts import base
from lmgeo.report.charts.base import Chart, Option, Picker, Rows, Spec
from lmgeo.report.summary import SIGNIFICANT, ranked

_KINDS = {
    "pearson": ("Pearson (straight line)", "Pearson correlation"),
    "spearman": ("Spearman (ranks)", "Spearman correlation"),
    "kendall": ("Kendall (pairs in order)", "Kendall's τ"),
    "distance_correlation": ("distance correlation (any form)", "distance correlation"),
}


def ranking(facts: Mapping[str, Any]) -> Chart | None:
    """Dots with intervals, the strongest first; None where no measure has a correlation."""
    order = ranked(facts)
    rows = [row for kind in _KINDS for entry in order if (row := _row(entry, kind))]
    options = [o for kind in _KINDS if (o := _option(kind, [r for r in rows if r["kind"] == kind]))]
    if not options:
        return None
    shown = min(len(order), base.MOST_ROWS)
    return Chart(
        name="ranking",
        label=f"Measures by their correlation with {facts['target']}, with 95 % intervals",
        spec=_spec,
        data={"ranking": rows},
        caption=_caption(facts, shown, len(order)),
        pickers=[Picker("kind", "Correlation", options)],
        row=base.ROW,
    )


def _caption(facts: Mapping[str, Any], shown: int, of: int) -> str:
    cut = f" The {shown} strongest of {of} are drawn; the table below holds all." if shown < of else ""
    by = (facts.get("clusters") or {}).get("by", "row")
    drawn = "" if by == "row" else f", drawn by {by}"
    return (
        f"Dots are correlations with {facts['target']}, lines their 95 % intervals{drawn}, the strongest "
        f"first. Filled: q ≤ 0.05 (Pearson, Benjamini–Hochberg over the measures); hollow: not told from chance.{cut}"
    )


def _row(entry: Mapping[str, Any], kind: str) -> dict[str, Any] | None:
    r = entry.get(kind)
    if r is None:
        return None
    low, high = entry.get(f"{kind}_ci") or (None, None)
    sure = bool(entry["q"] is not None and entry["q"] <= SIGNIFICANT)
    name = {"measure": entry["measure"], "kind": kind, "n": entry["n"]}
    return {**name, "r": r, "low": low, "high": high, "q": entry["q"], "sure": sure}


def _option(kind: str, rows: Rows) -> Option | None:
    if not rows:
        return None
    order = [r["measure"] for r in sorted(rows, key=lambda r: -abs(r["r"]))[: base.MOST_ROWS]]
    text, title = _KINDS[kind]
    domain = [0, 1] if kind == "distance_correlation" else [-1, 1]
    return Option(kind, text, {"$kind": kind, "$order": order, "$title": title, "$domain": domain})


def _spec(narrow: bool) -> Spec:
    y, dy = base.rows_axis(narrow), base.marks_offset(narrow)
    axis = {"values": [-1, -0.5, 0, 0.5, 1], "orient": "top", "domain": False, "ticks": False, "format": ".1~f"}
    x = {"field": "r", "type": "quantitative", "scale": {"domain": "$domain"}, "title": "$title", "axis": axis}
    tooltip = base.told(
        ("measure", "measure"), ("r", "correlation", ".3f"), ("low", "from", ".3f"), ("high", "to", ".3f"),
        ("q", "q", ".2g"), ("n", "models", ",d"),
    )  # fmt: skip
    line = {"type": "rule", "strokeWidth": 3, "opacity": 0.4, "color": "var(--accent)", "strokeCap": "round"}
    dot = {"type": "point", "filled": True, "size": 85, "strokeWidth": 2, "stroke": "var(--accent)", "opacity": 1}
    fill = {"condition": {"test": "datum.sure", "value": "var(--accent)"}, "value": "var(--card)"}
    interval = {"y": y, "x": {**x, "field": "low"}, "x2": {"field": "high"}, "tooltip": tooltip}
    return base.single(
        {
            "data": {"name": "ranking"},
            "params": [{"name": "kind", "value": "$kind"}, {"name": "order", "value": "$order"}],
            "transform": [{"filter": "datum.kind === kind && indexof(order, datum.measure) >= 0"}],
            "height": "$height",
            "layer": [
                base.upright(0),
                {"transform": [_HAS], "mark": {**line, "yOffset": dy}, "encoding": interval},
                {"mark": {**dot, "yOffset": dy}, "encoding": {"y": y, "x": x, "fill": fill, "tooltip": tooltip}},
                *base.names_above(narrow, y),
            ],
        }
    )


_HAS = {"filter": "isValid(datum.low)"}
