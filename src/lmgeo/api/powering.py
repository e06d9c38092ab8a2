"""What a study could detect, told before it runs: its plan's models and controls, through the analysis of power."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd

    from lmgeo.study.plan import Plan


def plan_power(plan: Plan) -> dict[str, Any]:
    """The power of the analysis that a study asks for, as `analyze` will give it once all is done.

    Models are those that the analysis's filter keeps, under the first measurement setting; where they
    are resampled in clusters (copies of a base, seeds), a cluster counts as one. A control that only
    the results will hold, such as a measure, counts as one number.

    Returns:
        as `analysis.power.partial_power`, `counted` (what `n` counts) and `models` (how many there are).
    """
    from lmgeo.analysis.clusters import clusters_of
    from lmgeo.analysis.controls import read_controls
    from lmgeo.analysis.power import control_count, partial_power
    from lmgeo.analysis.settings import first_setting

    rows = _filtered(_rows(plan), plan.analyze["filter"])
    table, _ = first_setting(rows.assign(**{"score.average": float("nan")}))  # a study's table, as it will be
    named, by = plan.analyze["controls"], plan.analyze["by"]
    known = [name for name in named if name in table.columns]
    also = [name for name in (*known, by) if name in table.columns]
    clusters = clusters_of(table, also)
    controls = control_count(read_controls(table, known)) if known else 0
    found = partial_power(clusters.count, controls + len(named) - len(known))
    return {**found, "counted": "model" if clusters.by == "row" else clusters.by, "models": len(table)}


def _rows(plan: Plan) -> pd.DataFrame:
    """The table to come, as far as a plan knows it: models and factors."""
    import pandas as pd

    return pd.DataFrame([{"model": row["model"], **row["factors"]} for row in plan.rows])


def _filtered(table: pd.DataFrame, text: str | None) -> pd.DataFrame:
    """The rows that the study's filter keeps, of what it asks about factors."""
    from lmgeo.analysis.filter import keep
    from lmgeo.analysis.filter_syntax import parse_filter

    return table.loc[keep(table, parse_filter(text), skip_unknown=True)] if text else table
