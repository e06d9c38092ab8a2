"""Loss and rank along training, a line a run."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from lmgeo.analysis.columns import CONFIGURATION, is_number, levels, numbers
from lmgeo.analysis.direction import is_loss
from lmgeo.analysis.runs import Run, runs_of, step_column
from lmgeo.analysis.saturation import rank_column
from lmgeo.report.charts import base
from lmgeo.report.charts.base import Chart, Option, Picker, Spec

if TYPE_CHECKING:
    import pandas as pd

_GROUPS = (CONFIGURATION, "size", "family")  # by which runs are picked and coloured, where they vary
_MOST_COLOURS = 10


def trajectories(steps: pd.DataFrame, facts: Mapping[str, Any]) -> Chart | None:
    """The runs of a table with steps; pickers of what is drawn and of the runs. None without runs of several steps."""
    step = step_column(steps)
    runs = runs_of(steps, step) if step else []
    drawn = _columns(steps, facts["target"])
    if step is None or not runs or not drawn:
        return None
    groups, colours = _groups(steps, runs)
    worse = {entry["run"] for entry in facts.get("saturation") or [] if entry["saturated"]}
    told = f" Dashed: {len(worse)} that got worse again late." if worse else ""
    return Chart(
        name="trajectories",
        label="Loss and rank along training, one line a run",
        spec=_spec,
        data={"trajectories": _rows(steps, step, runs, drawn, groups, colours, worse)},
        caption=f"Each line is one of {len(runs)} training runs.{told}",
        pickers=[
            Picker("course", "Value", [Option(c, c, {"$value": c}) for c in drawn]),
            Picker("runs", "Runs", [Option(g, g or "all", {"$runs": g}) for g in ("", *dict.fromkeys(groups))]),
        ],
        binds={"$by": list(dict.fromkeys(colours)), "$axis": step},
    )


def _columns(steps: pd.DataFrame, target: str) -> list[str]:
    """Losses, else the target, then the rank."""
    losses = [c for c in steps.columns if is_loss(c) and is_number(steps[c])]
    scores = losses or [c for c in (target,) if c in steps.columns and is_number(steps[c])]
    rank = rank_column(steps)
    return [*scores, *([rank] if rank else [])]


def _groups(steps: pd.DataFrame, runs: list[Run]) -> tuple[list[str], list[str]]:
    """By which each run is picked, and the level that colours it; empty texts where nothing is."""
    firsts = [int(run.rows[0]) for run in runs]
    of = {c: levels(steps[c])[firsts].tolist() for c in _GROUPS if c in steps.columns}
    varying = [found for found in of.values() if len(set(found)) > 1]
    picked = varying[0] if varying else [""] * len(runs)
    few = [found for found in (*varying[1:], [run.name for run in runs]) if len(set(found)) <= _MOST_COLOURS]
    return picked, (few[0] if few else [""] * len(runs))


def _rows(
    steps: pd.DataFrame, step: str, runs: list[Run], drawn: list[str], groups: list[str], colours: list[str],
    worse: set[str],
) -> list[dict[str, Any]]:  # fmt: skip
    at, values = numbers(steps, step), {name: numbers(steps, name) for name in drawn}
    return [
        {
            "x": float(at[row]), "y": float(values[name][row]), "what": name, "run": run.name, "group": group,
            "colour": colour, "late": run.name in worse,
        }
        for run, group, colour in zip(runs, groups, colours, strict=True)
        for name in drawn
        for row in run.rows
        if np.isfinite(values[name][row])
    ]  # fmt: skip


def _spec(narrow: bool) -> Spec:
    axis = {"tickCount": 4 if narrow else 8}
    x = {"field": "x", "type": "quantitative", "title": "$axis", "axis": axis, "scale": {"nice": False}}
    legend = base.legend_above(narrow, symbolType="stroke", symbolStrokeWidth=3)
    color = {"field": "colour", "type": "nominal", "title": None, "scale": {"domain": "$by"}, "legend": legend}
    dash: Spec = {"field": "late", "type": "nominal", "legend": None}
    dash |= {"scale": {"domain": [False, True], "range": [[1, 0], [5, 3]]}}
    told = base.told(("run", "run"), ("x", "at", "~g"), ("y", "value", ".4f"))
    encoding = {"x": x, "y": base.number("y", "$value"), "color": color, "tooltip": told}
    line = {"type": "line", "strokeWidth": 1.6, "opacity": 0.8}
    return base.single(
        {
            "data": {"name": "trajectories"},
            "params": [{"name": "course", "value": "$value"}, {"name": "runs", "value": "$runs"}],
            "transform": [{"filter": "datum.what === course && (runs === '' || datum.group === runs)"}],
            "height": 280 if narrow else 360,
            "layer": [
                {"mark": line, "encoding": {**encoding, "detail": {"field": "run"}, "strokeDash": dash}},
                {"mark": {"type": "circle", "size": 24, "opacity": 0.8}, "encoding": encoding},
            ],
        }
    )
