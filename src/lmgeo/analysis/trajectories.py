"""What the checkpoints of a store's runs add to the analysis of their ends."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from lmgeo.analysis.columns import is_number
from lmgeo.analysis.direction import is_loss
from lmgeo.analysis.divergence import diverged
from lmgeo.analysis.filter import keep
from lmgeo.analysis.filter_syntax import parse_filter
from lmgeo.analysis.saturation import courses
from lmgeo.analysis.twins import with_saturation

if TYPE_CHECKING:
    import pandas as pd


def of_kept_runs(steps: pd.DataFrame, filter: str | None) -> pd.DataFrame:
    """The checkpoints of runs that did not diverge and that a filter keeps; a column they lack keeps all."""
    kept = steps.loc[~diverged(steps)]
    return kept.loc[keep(kept, parse_filter(filter), skip_unknown=True)] if filter and len(kept) else kept


def with_trajectories(facts: Mapping[str, Any], steps: pd.DataFrame) -> dict[str, Any]:
    """The document with `saturation` of the runs' own courses, and `twins` told by it.

    Args:
        facts: the document of the models at the end of their runs.
        steps: a row a checkpoint; losses are its columns `score.loss…` (bits per byte take the same course).
    """
    found = courses(steps, [c for c in steps.columns if is_loss(c) and is_number(steps[c])])
    return {**facts, "saturation": found, "twins": with_saturation(facts["twins"], found)}
