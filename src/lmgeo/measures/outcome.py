"""Measures of one state: their values, their spread, and the reason where there is no value."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from lmgeo.core.errors import NotEnoughData
from lmgeo.core.measurement import Measurement
from lmgeo.measures.declare import Measure, Valued
from lmgeo.states.replicates import Replicates
from lmgeo.states.state import StateClass, Summary


def measured(
    kind: StateClass, measures: Sequence[Measure], source: Any, *, spread: bool = True
) -> dict[str, Measurement]:
    """The measures that read `kind`, of one cloud.

    Args:
        kind: a state, or what is derived from one.
        measures: which; all declared for `kind`.
        source: the cloud's state, or the matrix's spectrum, that `kind` is or is derived from.
        spread: whether to take each measure again of the source's replicates, for its standard error.
    """
    centred = getattr(source, "centred", True)
    outcomes = _outcomes(kind, measures, source)
    spreads = _spreads(kind, [m for m in measures if isinstance(outcomes[m.name], Valued)], source) if spread else {}
    found = {}
    for m in measures:
        outcome = outcomes[m.name]
        if isinstance(outcome, Valued):
            outcome = m.strays(outcome.value, source.n, source.d, centred) or outcome
        if isinstance(outcome, str):
            found[m.name] = m.missing(outcome, source.n, source.d, centred)
        else:
            error, details = spreads.get(m.name, (None, {}))
            valued = Valued(outcome.value, {**outcome.details, **details})
            found[m.name] = m.measurement(valued, source.n, source.d, centred, spread=error)
    return found


def _outcomes(kind: StateClass, measures: Sequence[Measure], source: Any) -> dict[str, Valued | str]:
    """A value for each measure, or the reason why there is none."""
    try:
        state = source if isinstance(source, kind) else kind.of(source)
    except NotEnoughData as error:
        return dict.fromkeys((m.name for m in measures), f"{error.what}; {error.mend}")
    return {m.name: _outcome(m, state) for m in measures}


def _outcome(declared: Measure, state: Any) -> Valued | str:
    try:
        outcome = declared.function(state)
    except NotEnoughData as error:
        return f"{error.what}; {error.mend}"
    valued = outcome if isinstance(outcome, Valued) else Valued(float(outcome))
    if not math.isfinite(valued.value):
        return f"came out as {valued.value} on finite rows, which is a fault of ours"
    return valued


def _spreads(
    kind: StateClass, measures: Sequence[Measure], source: Summary
) -> dict[str, tuple[float | None, dict[str, Any]]]:
    """The standard error of each measure and how it was had, or why there is none."""
    try:
        replicates = source.replicates() if measures else None
    except NotEnoughData:  # no spectrum: then no measure of it has a value either
        replicates = None
    if replicates is None:
        few = {"no_spread": "too few rows or sequences to take the value again of parts of them"}
        return {m.name: (None, few) for m in measures}
    outcomes = [_outcomes(kind, measures, state) for state in replicates.states]
    return {m.name: _spread(m, [found[m.name] for found in outcomes], replicates) for m in measures}


def _spread(
    declared: Measure, outcomes: Sequence[Valued | str], replicates: Replicates
) -> tuple[float | None, dict[str, Any]]:
    values = [outcome.value for outcome in outcomes if isinstance(outcome, Valued)]
    if reasons := [outcome for outcome in outcomes if isinstance(outcome, str)]:
        parts = f"{len(reasons)} of {len(outcomes)} parts ({replicates.how})"
        return None, {"no_spread": f"{parts} have no value: {reasons[0]}"}
    error, how = replicates.error(values, declared.extremes)
    return error, {"spread_of": how}
