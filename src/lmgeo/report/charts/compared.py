"""The correlations of two tables against each other, a dot a measure, both intervals, and where they would agree."""

from __future__ import annotations

from collections.abc import Sequence

from lmgeo.report.charts import base
from lmgeo.report.charts.base import Chart, Option, Picker, Rows, Spec

KINDS = {"pearson": "Pearson", "spearman": "Spearman", "partial": "partial Spearman"}


def compared(name: str, rows: Rows, first: str, second: str) -> Chart | None:
    """Dots with intervals both ways; None where no measure has both correlations.

    Args:
        name: of the chart.
        rows: `measure kind a a_low a_high b b_low b_high`.
        first, second: what the two tables are called.
    """
    kinds = [kind for kind in KINDS if any(r["kind"] == kind for r in rows)]
    if not kinds:
        return None
    options = [Option(kind, KINDS[kind], {"$kind": kind}) for kind in kinds]
    return Chart(
        name=name,
        label=f"Correlations of each measure in {first} and in {second}",
        spec=_spec,
        data={"compared": rows},
        caption=f"A dot is a measure, its lines the 95 % intervals of both correlations. On the dashed line the two "
        f"tables say the same; {_agreement(rows, kinds[0])}.",
        pickers=[Picker("kind", "Correlation", options)],
        binds={"$x": f"in {first}", "$y": f"in {second}"},
    )


def _agreement(rows: Rows, kind: str) -> str:
    mine = [r for r in rows if r["kind"] == kind]
    apart = sum(_apart(r) for r in mine)
    return f"for {apart} of {len(mine)} measures the {KINDS[kind]} intervals do not meet"


def _apart(row: dict[str, float | None]) -> bool:
    bounds = [row[key] for key in ("a_low", "a_high", "b_low", "b_high")]
    if any(b is None for b in bounds):
        return False
    a_low, a_high, b_low, b_high = (float(b) for b in bounds if b is not None)
    return a_high < b_low or b_high < a_low


def _spec(narrow: bool) -> Spec:
    scale = {"domain": [-1, 1], "zero": True, "nice": False}
    x = base.number("a", "$x", scale=scale, axis={"format": ".1~f"})
    y = base.number("b", "$y", scale=scale, axis={"format": ".1~f"})
    tooltip = base.told(
        ("measure", "measure"), ("a", "first", ".3f"), ("a_low", "from", ".3f"), ("a_high", "to", ".3f"),
        ("b", "second", ".3f"), ("b_low", "from (second)", ".3f"), ("b_high", "to (second)", ".3f"),
    )  # fmt: skip
    identity: Sequence[Spec] = [{"a": -1, "b": -1}, {"a": 1, "b": 1}]
    dash = {"type": "line", "strokeDash": [5, 4], "color": "var(--soft)", "strokeWidth": 1.5, "tooltip": None}
    rule = {"type": "rule", "color": "var(--accent)", "opacity": 0.3, "strokeWidth": 1.5, "tooltip": None}
    dot = {"type": "circle", "size": 70, "color": "var(--accent)", "opacity": 0.9}
    across = {"x": {**x, "field": "a_low"}, "x2": {"field": "a_high"}, "y": y}
    up = {"y": {**y, "field": "b_low"}, "y2": {"field": "b_high"}, "x": x}
    kept = {"filter": "isValid(datum.a_low) && isValid(datum.b_low)"}
    return base.single(
        {
            "data": {"name": "compared"},
            "params": [{"name": "kind", "value": "$kind"}],
            "transform": [{"filter": "datum.kind === kind"}],
            "height": 320 if narrow else 460,
            "layer": [
                {"data": {"values": list(identity)}, "mark": dash, "encoding": {"x": x, "y": y}},
                {"transform": [kept], "mark": rule, "encoding": across},
                {"transform": [kept], "mark": rule, "encoding": up},
                {"mark": dot, "encoding": {"x": x, "y": y, "tooltip": tooltip}},
            ],
        }
    )  # fmt: skip
