"""Measures of one state: their values, their spread, and the reason where there is no value."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

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


def _spreads(kind: StateClass, measures: Sequence[Measure], source: Summary) -> dict[str, tuple[float, dict[str, Any]]]:
    """The standard error of each measure that all replicates have a value of, and how it was had."""
    try:
        replicates = source.replicates() if measures else None
    except NotEnoughData:  # no spectrum: then no measure of it has a value either
        replicates = None
    if replicates is None:
        return {}
    values = [_outcomes(kind, measures, state) for state in replicates.states]
    names = [m.name for m in measures if all(isinstance(v[m.name], Valued) for v in values)]
    return {name: (_error(name, values, replicates), {"spread_of": replicates.how}) for name in names}


def _error(name: str, values: Sequence[Mapping[str, Any]], replicates: Replicates) -> float:
    return float(np.std([v[name].value for v in values], ddof=1)) * replicates.factor
