"""What geometry reflects: the share of each measure's variance that goes with each choice, beside the score's."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from lmgeo.report.charts import base
from lmgeo.report.charts.base import Chart, Option, Picker, Spec
from lmgeo.report.summary import by_strength, given
from lmgeo.report.wording import coefficient

_ALL = "all choices (R²)"
_QUANTITIES = {
    "shapley": "Shapley share of R²",
    "type2_share": "share beyond the other choices (type II)",
}


def reflects(facts: Mapping[str, Any]) -> Chart | None:
    """A heat map of measures × choices, the score's row first; None where no choice varies."""
    entries = _ordered(facts)
    rows = [row for entry in entries for row in _rows(entry, facts["target"])]
    quantities = [q for q in _QUANTITIES if any(r[q] is not None and r["choice"] != _ALL for r in rows)]
    if not quantities:
        return None
    choices = list(dict.fromkeys(r["choice"] for r in rows if r["choice"] != _ALL))
    cut = f" The {len(entries)} strongest measures are drawn." if len(entries) < len(facts["reflects"]) else ""
    return Chart(
        name="reflects",
        label="Share of the variance of the score and of each measure that goes with each choice",
        spec=_spec,
        data={"reflects": rows},
        caption="How much of the variance each choice accounts for, the score's own row first. Where a measure's row "
        f"looks like the score's, both follow the same choices, which alone would make them go together."
        f"{_score(entries)}{cut}",
        pickers=[Picker("share", "Share", [Option(q, _QUANTITIES[q], {"$share": q}) for q in quantities])],
        binds={
            "$order": list(dict.fromkeys(r["measure"] for r in rows)),
            "$choices": [*choices, _ALL] if len(choices) > 1 else choices,
        },
        row=base.ROW,
    )


def _score(entries: list[Mapping[str, Any]]) -> str:
    """The choice that the score follows most."""
    target: Mapping[str, Any] = next((e for e in entries if e.get("target")), {"choices": []})
    shares = [(c["shapley"], c["choice"]) for c in target["choices"] if c.get("shapley") is not None]
    if not shares:
        return ""
    share, choice = max(shares)
    return f" The score follows {choice} most (Shapley share {coefficient(share)})."


def _ordered(facts: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    found = by_strength(facts, given(facts, "reflects", "r2"))
    return sorted(found, key=lambda e: not e.get("target"))[: base.MOST_ROWS]


def _rows(entry: Mapping[str, Any], target: str) -> list[dict[str, Any]]:
    name = f"the score: {target}" if entry.get("target") else entry["measure"]
    of = {"measure": name, "n": entry.get("n"), "r2": entry["r2"], "low": None, "high": None}
    found = [{**of, "choice": _ALL, "shapley": entry["r2"], "type2_share": entry["r2"], "p": None, "effect": None}]
    for choice in entry.get("choices") or []:
        low, high = choice.get("effect_ci") or (None, None)
        known = {key: choice.get(key) for key in ("choice", "shapley", "type2_share", "p", "effect")}
        found.append({**of, **known, "low": low, "high": high})
    return found


def _spec(narrow: bool) -> Spec:
    y = base.rows_axis(narrow, limit=250)
    axis = {"orient": "top", "labelAngle": -35, "labelAlign": "left", "domain": False, "ticks": False}
    axis |= {"labelLimit": 90 if narrow else 160, "labelOverlap": False, "labelColor": "var(--ink)"}
    x = {"field": "choice", "type": "nominal", "title": None, "scale": {"domain": "$choices"}, "axis": axis}
    tooltip = base.told(
        ("measure", "measure"), ("choice", "choice"), ("shapley", "Shapley share", ".3f"),
        ("type2_share", "type II share", ".3f"), ("p", "p", ".2g"), ("effect", "effect (standardised)", "+.3f"),
        ("low", "from", "+.3f"), ("high", "to", "+.3f"), ("r2", "R² of all choices", ".3f"), ("n", "models", ",d"),
    )  # fmt: skip
    shade = {"domain": [0, 1], "range": [0, 0.55], "clamp": True}  # so light that the figures stay readable
    opacity = {"field": "share", "type": "quantitative", "legend": None, "scale": shade}
    tile = {"type": "rect", "color": "var(--accent)", "stroke": "var(--line)", "strokeWidth": 0.6, "strokeOpacity": 1}
    tile |= {"height": 18, "yOffset": 0} if not narrow else {"height": 15, "yOffset": 8}
    text: Spec = {"type": "text", "color": "var(--ink)", "fontSize": 10 if narrow else 11.5, "tooltip": None}
    text |= {"yOffset": 8 if narrow else 0}
    return base.single(
        {
            "data": {"name": "reflects"},
            "params": [{"name": "share", "value": "$share"}, {"name": "choices", "value": "$choices"}],
            "transform": [
                {"filter": "indexof(choices, datum.choice) >= 0"},
                {"calculate": "datum[share]", "as": "share"},
                {"filter": "isValid(datum.share)"},
            ],
            "height": "$height",
            "encoding": {"y": y, "x": x},
            "layer": [
                {"mark": tile, "encoding": {"fillOpacity": opacity, "tooltip": tooltip}},
                {
                    "transform": [{"filter": "datum.share >= 0.005"}],
                    "mark": text,
                    "encoding": {"text": {"field": "share", "type": "quantitative", "format": ".2f"}},
                },
                *base.names_above(narrow, y),
            ],
        }
    )
