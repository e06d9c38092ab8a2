"""Raw correlations beside what is left of them: with controls held fixed, within groups, at each size."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from lmgeo.report.charts import base
from lmgeo.report.charts.base import Chart, Rows, Spec
from lmgeo.report.summary import clear, ranked
from lmgeo.report.wording import listed

RAW, PARTIAL = "raw", "controls held fixed"
_SHAPES = ["circle", "diamond", "square", "triangle-up", "triangle-down"]


def controlled(facts: Mapping[str, Any]) -> Chart | None:
    """Dumbbells from the raw correlation to the partial and the within-group one; None without either."""
    rows = [r for r in _controlled_rows(facts) if r["r"] is not None]
    kinds = list(dict.fromkeys(r["kind"] for r in rows))
    if not rows or kinds == [RAW]:
        return None
    controls = facts["partial"][0]["controls"] if facts.get("partial") else []
    held = f" Controls: {listed(controls, 8)}." if controls else ""
    return _dumbbell(
        "controlled",
        "Spearman correlations, raw and controlled, of each measure",
        f"Spearman correlation with {facts['target']}; the line joins the forms of one measure. "
        f"Filled: the 95 % interval is clear of zero.{held}",
        rows,
        kinds,
        _order(facts, rows),
    )


def strata(facts: Mapping[str, Any]) -> Chart | None:
    """The correlation at each size of model; None without sizes."""
    entries = facts.get("strata") or []
    rows = [_row(e, str(e["level"])) for e in entries if e.get("spearman") is not None]
    if not rows:
        return None
    levels = [str(level) for level in dict.fromkeys(e["level"] for e in entries)]
    return _dumbbell(
        "strata",
        "Spearman correlation of each measure at each size of model",
        f"Spearman correlation with {facts['target']} among models of one {entries[0]['by']}, a dot a size. "
        "Filled: the 95 % interval is clear of zero.",
        rows,
        [level for level in levels if any(r["kind"] == level for r in rows)],
        _order(facts, rows),
    )


def _controlled_rows(facts: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    partial, within = facts.get("partial") or [], facts.get("within") or []
    told = {e["measure"] for e in (*partial, *within) if e.get("spearman") is not None}
    for entry in ranked(facts):
        if entry["measure"] in told:
            yield _row({**entry, "ci": entry["spearman_ci"]}, RAW)
    for entry in partial:
        yield _row(entry, PARTIAL)
    for entry in within:
        yield _row(entry, f"within {entry['by']}")


def _row(entry: Mapping[str, Any], kind: str) -> dict[str, Any]:
    low, high = entry.get("ci") or (None, None)
    found = {"measure": entry["measure"], "kind": kind, "n": entry.get("n"), "r": entry["spearman"]}
    return {**found, "low": low, "high": high, "sure": clear(entry.get("ci"))}


def _order(facts: Mapping[str, Any], rows: Rows) -> list[str]:
    there = {r["measure"] for r in rows}
    strongest = sorted(ranked(facts), key=lambda e: -abs(e["spearman"] or 0.0))
    return [e["measure"] for e in strongest if e["measure"] in there][: base.MOST_ROWS]


def _dumbbell(name: str, label: str, caption: str, rows: Rows, kinds: list[str], order: list[str]) -> Chart:
    shapes = [_SHAPES[i % len(_SHAPES)] for i in range(len(kinds))]
    colours = [base.PALETTE[i % len(base.PALETTE)] for i in range(len(kinds))]
    binds = {"$order": order, "$kinds": kinds, "$shapes": shapes, "$colours": colours}
    there = {r["measure"] for r in rows}
    cut = f" The {len(order)} strongest of {len(there)} measures are drawn." if len(order) < len(there) else ""
    return Chart(name, label, _spec, {"rows": rows}, caption + cut, binds=binds, row=base.ROW)


def _spec(narrow: bool) -> Spec:
    y, dy = base.rows_axis(narrow), base.marks_offset(narrow)
    axis = {"values": [-1, -0.5, 0, 0.5, 1], "orient": "top", "domain": False, "ticks": False, "format": ".1~f"}
    x = {
        "field": "r",
        "type": "quantitative",
        "scale": {"domain": [-1, 1]},
        "title": "Spearman correlation",
        "axis": axis,
    }
    tooltip = base.told(
        ("measure", "measure"), ("kind", "form"), ("r", "Spearman", ".3f"), ("low", "from", ".3f"),
        ("high", "to", ".3f"), ("n", "models", ",d"),
    )  # fmt: skip
    ends = {"aggregate": [{"op": "min", "field": "r", "as": "least"}, {"op": "max", "field": "r", "as": "most"}]}
    between = {"y": y, "x": {**x, "field": "least"}, "x2": {"field": "most"}}
    scale = {"domain": "$kinds", "range": "$colours"}
    legend = base.legend_above(narrow)
    colour = {"field": "kind", "type": "nominal", "title": None, "scale": scale, "legend": legend}
    shape = {**colour, "scale": {"domain": "$kinds", "range": "$shapes"}}
    fill = {"condition": {"test": "datum.sure", **colour}, "value": "var(--card)"}
    bar = {
        "type": "rule",
        "color": "var(--line)",
        "strokeWidth": 5,
        "strokeCap": "round",
        "tooltip": None,
        "yOffset": dy,
    }
    dot = {"type": "point", "filled": True, "size": 85, "strokeWidth": 2, "opacity": 1, "yOffset": dy}
    points = {"y": y, "x": x, "stroke": colour, "shape": shape, "fill": fill, "tooltip": tooltip}
    return base.single(
        {
            "data": {"name": "rows"},
            "params": [{"name": "order", "value": "$order"}],
            "transform": [{"filter": "indexof(order, datum.measure) >= 0"}],
            "height": "$height",
            "layer": [
                base.upright(0),
                {"transform": [{**ends, "groupby": ["measure"]}], "mark": bar, "encoding": between},
                {"mark": dot, "encoding": points},
                *base.names_above(narrow, y),
            ],
        }
    )
