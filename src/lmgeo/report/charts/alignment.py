"""How many independent things the battery measures: correlations among measures, and the scree of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from lmgeo.report.charts import base
from lmgeo.report.charts.base import Chart, Spec
from lmgeo.report.summary import ranked
from lmgeo.report.wording import count

_MOST = 70
_LABELLED = 60
_WRITTEN = 14  # so few that a coefficient fits into each tile


def alignment(facts: Mapping[str, Any]) -> Chart | None:
    """The clustered heat map of Spearman correlations among measures; None with fewer than two."""
    found = facts.get("alignment") or {}
    names, table = found.get("measures") or [], found.get("spearman")
    if not table or len(names) < 2:
        return None
    place = {name: i for i, name in enumerate(names)}
    kept = _kept(facts, names)
    order = [name for name in found.get("order") or names if name in kept]
    rows = [
        {"a": a, "b": b, "r": r, "size": abs(r), "sign": "same way" if r >= 0 else "opposite"}
        for a in order
        for b in order
        if (r := table[place[a]][place[b]]) is not None
    ]
    cut = f" The {len(order)} most related to the score of {len(names)} are drawn." if len(order) < len(names) else ""
    few = len(order)
    return Chart(
        name="alignment",
        label="Correlations among the measures, alike ones side by side",
        spec=lambda narrow: _map(narrow, few),
        data={"alignment": rows},
        caption=f"Spearman correlations among measures, in the order of a clustering: a block is one thing under "
        f"several names. {_dimensions(found, len(names))}{cut}",
        binds={"$order": order},
        row=(max(10.5 if few <= _LABELLED else 4, min(26, 760 / few)), max(3, min(26, 330 / few))),
    )


def scree(facts: Mapping[str, Any]) -> Chart | None:
    """Eigenvalues against what unrelated measures would give; None without them."""
    found = facts.get("alignment") or {}
    values, thresholds = found.get("eigenvalues") or [], found.get("thresholds") or []
    if len(values) < 2:
        return None
    pairs = zip(range(1, len(values) + 1), values, [*thresholds, *[None] * len(values)], strict=False)
    # Past the rows' rank both lines are zero, and which of the two lies higher is rounding.
    counted = found.get("dimensions") or 0
    rows = [{"at": i, "value": v, "threshold": t, "above": i <= counted} for i, v, t in pairs][:40]
    return Chart(
        name="scree",
        label="Eigenvalues of the correlations among measures against those of unrelated measures",
        spec=_scree,
        data={"scree": rows},
        caption=f"Components above the dashed line hold more than unrelated measures would by chance (parallel "
        f"analysis). {_dimensions(found, len(found.get('measures') or values))}",
    )


def _dimensions(found: Mapping[str, Any], measures: int) -> str:
    many = found.get("dimensions")
    return f"{count(measures, 'measure')} count as {count(many, 'independent thing')}." if many else ""


def _kept(facts: Mapping[str, Any], names: list[str]) -> set[str]:
    if len(names) <= _MOST:
        return set(names)
    known = set(names)
    return set([e["measure"] for e in ranked(facts) if e["measure"] in known][:_MOST])


def _map(narrow: bool, few: int) -> Spec:
    size = 9 if few > 40 else 11
    labelled = not narrow and few <= _LABELLED
    look = {"ticks": False, "domain": False, "labelFontSize": size, "labelLimit": 210, "labelOverlap": False}
    axis = {**look, "labelColor": "var(--ink)"} if labelled else None
    y = {"field": "a", "type": "nominal", "title": None, "scale": {"domain": "$order"}, "axis": axis}
    x = {**y, "field": "b", "axis": axis and {**axis, "labelAngle": -90, "labelLimit": 150}}
    tooltip = base.told(("a", "measure"), ("b", "and"), ("r", "Spearman", ".3f"))
    colours = {"domain": ["same way", "opposite"], "range": ["var(--c1)", "var(--c2)"]}
    colour = {"field": "sign", "type": "nominal", "scale": colours, "legend": base.legend_above(narrow)}
    shade = {"domain": [0, 1], "range": [0.03, 0.6 if few <= _WRITTEN else 0.95]}
    opacity = {"field": "size", "type": "quantitative", "legend": None, "scale": shade}
    tile = {"type": "rect", "stroke": "var(--card)", "strokeWidth": 0.5}
    layers: list[Spec] = [{"mark": tile, "encoding": {"color": colour, "fillOpacity": opacity, "tooltip": tooltip}}]
    if few <= _WRITTEN and not narrow:
        text = {"field": "r", "type": "quantitative", "format": ".2f"}
        layers.append({"mark": {"type": "text", "color": "var(--ink)", "fontSize": 11}, "encoding": {"text": text}})
    encoding = {"x": x, "y": y}
    return base.single({"data": {"name": "alignment"}, "height": "$height", "encoding": encoding, "layer": layers})


def _scree(narrow: bool) -> Spec:
    axis, scale = {"tickMinStep": 1, "format": "d", "grid": False}, {"padding": 10, "nice": False}
    x = base.number("at", "component", axis=axis, scale=scale)
    y = base.number("value", "eigenvalue", scale={"zero": True})
    tooltip = base.told(("at", "component", "d"), ("value", "eigenvalue", ".3f"), ("threshold", "by chance", ".3f"))
    fill = {"condition": {"test": "datum.above", "value": "var(--c1)"}, "value": "var(--card)"}
    dash = {"type": "line", "color": "var(--c2)", "strokeDash": [5, 4], "strokeWidth": 2}
    dot = {"type": "point", "filled": True, "size": 80, "stroke": "var(--c1)", "strokeWidth": 2, "opacity": 1}
    return base.single(
        {
            "data": {"name": "scree"},
            "height": 220 if narrow else 260,
            "layer": [
                {"mark": {"type": "line", "color": "var(--c1)", "strokeWidth": 2}, "encoding": {"x": x, "y": y}},
                {
                    "transform": [{"filter": "isValid(datum.threshold)"}],
                    "mark": dash,
                    "encoding": {"x": x, "y": {**y, "field": "threshold"}},
                },
                {"mark": dot, "encoding": {"x": x, "y": y, "fill": fill, "tooltip": tooltip}},
            ],
        }
    )
