"""Every chart of a chapter, in the order of the page."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from lmgeo.report.charts.alignment import alignment, scree
from lmgeo.report.charts.base import Chart
from lmgeo.report.charts.controlled import controlled, strata
from lmgeo.report.charts.curves import curves
from lmgeo.report.charts.gains import gains
from lmgeo.report.charts.power import power
from lmgeo.report.charts.ranking import ranking
from lmgeo.report.charts.reflects import reflects
from lmgeo.report.charts.specification import specification
from lmgeo.report.charts.trajectories import trajectories
from lmgeo.report.charts.transfer import transfer

if TYPE_CHECKING:
    import pandas as pd

_OF_FACTS = (ranking, controlled, strata, gains, reflects, alignment, scree, transfer, specification, power)


def charts(table: pd.DataFrame, facts: Mapping[str, Any], steps: pd.DataFrame | None = None) -> dict[str, Chart]:
    """The charts that the document and the table hold something for, by name; the scatters are made of `Models`.

    Args:
        table: a row a model.
        facts: the document.
        steps: a row a checkpoint of the runs; None: the table's own.
    """
    found = [make(facts) for make in _OF_FACTS]
    found += [curves(table, facts), trajectories(table if steps is None else steps, facts)]
    return {chart.name: chart for chart in found if chart is not None}
