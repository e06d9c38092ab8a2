"""Measures by name: which states they need, and their values with reasons where there is none."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from lmgeo.core.errors import NotEnoughData, SpecError
from lmgeo.core.measurement import Measurement
from lmgeo.core.progress import Progress, silent
from lmgeo.core.spec.protocol import QuantizerProtocol
from lmgeo.measures.declare import MEASURES, Measure, Valued
from lmgeo.measures.inputs import as_cloud
from lmgeo.measures.protocols import protocol_identity
from lmgeo.states.batch import RowBatch
from lmgeo.states.moments import Moments
from lmgeo.states.registry import STATES
from lmgeo.states.rows import Rows
from lmgeo.states.state import State, StateClass


def uses_protocol(name: str) -> bool:
    """Whether a measure is taken of a quantization, so that its value belongs to a protocol."""
    return MEASURES[name].state not in STATES


def identity_of(name: str, protocol: QuantizerProtocol, seed: int) -> dict[str, Any]:
    """What of the protocol and the seed enters a value's key: nothing where neither moves it."""
    if not uses_protocol(name):
        return {}
    seeded = protocol.seeds is not None or protocol.order != "input"
    return {"protocol": protocol_identity(protocol), **({"seed": seed} if seeded else {})}


def matrix_measures() -> list[str]:
    """The measures that are defined for weight matrices."""
    return [name for name, declared in MEASURES.items() if declared.matrix]


def states_needed(names: Iterable[str]) -> set[StateClass]:
    """The states that the named measures read; quantized ones read the rows.

    Raises:
        UnknownName: a name that is no measure's.
    """
    return {Rows if uses_protocol(name) else MEASURES[name].state for name in names}


def compute(
    states: Mapping[type, State],
    names: Sequence[str],
    protocol: QuantizerProtocol,
    seed: int,
    progress: Progress = silent,
) -> dict[str, Measurement]:
    """Every named measure of one cloud, in the order of `names`.

    Args:
        states: the cloud's states by class; those of `states_needed(names)` at least.
        names: measures; each once.
        protocol: of the quantized ones.
        seed: of the quantizers: S + 1 … for the protocol's several.
        progress: told of each measure.

    Raises:
        UnknownName: a name that is no measure's.
        SpecError: a state that a measure reads is missing.
    """
    if missing := states_needed(names) - set(states):
        classes = ", ".join(sorted(state.__name__ for state in missing))
        raise SpecError(f"no {classes} to measure", "make the states that `states_needed` names")
    found = _direct_ones(states, [name for name in names if not uses_protocol(name)], progress)
    if quantized := [name for name in names if uses_protocol(name)]:
        found |= _quantized(states[Rows], quantized, protocol, seed, progress)
    return {name: found[name] for name in names}


def _direct_ones(states: Mapping[type, State], names: Sequence[str], progress: Progress) -> dict[str, Measurement]:
    found = {}
    for done, name in enumerate(names):
        progress(name, done, len(names))
        found[name] = _direct(MEASURES[name], states[MEASURES[name].state])
    return found


def _direct(declared: Measure, state: State) -> Measurement:
    n, d, centred = state.n, state.d, getattr(state, "centred", True)
    try:
        outcome = declared.function(state)
    except NotEnoughData as error:
        return declared.missing(f"{error.what}; {error.mend}", n, d, centred)
    valued = outcome if isinstance(outcome, Valued) else Valued(outcome)
    if not math.isfinite(valued.value):
        reason = f"came out as {valued.value} on finite rows, which is a fault of ours"
        return declared.missing(reason, n, d, centred, **valued.details)
    return declared.measurement(valued, n, d, centred)


def _quantized(
    state: State, names: list[str], protocol: QuantizerProtocol, seed: int, progress: Progress
) -> dict[str, Measurement]:
    from lmgeo.measures.quantized import quantized_measurements

    if not isinstance(state, Rows):
        raise SpecError(f"a {type(state).__name__} in place of Rows", "give each state under its own class")
    found = quantized_measurements(state.matrix(), names, protocol, seed, progress)
    left_out = state.seen - state.n
    return noted(found, rows_left_out=left_out) if left_out else found


def noted(measurements: Mapping[str, Measurement], **details: Any) -> dict[str, Measurement]:
    """The measurements with more details; what they hold already stays."""
    return {
        name: dataclasses.replace(found, details={**details, **found.details}) for name, found in measurements.items()
    }


def measure_cloud(
    X: np.ndarray, names: Sequence[str], protocol: QuantizerProtocol, seed: int, progress: Progress = silent
) -> dict[str, Measurement]:
    """Every named measure of a plain cloud (n, d), one vector a row.

    Integers and half floats are converted, which `details` says. A cloud of more rows than a
    reservoir holds is sampled by `seed` for the measures that need rows.

    Raises:
        SpecError: not two-dimensional, not numbers, or holding NaN or infinity.
        NotEnoughData: no rows or no columns.
        UnknownName: a name that is no measure's.
    """
    rows, note = as_cloud(X)
    states = _empty(states_needed(names), rows.shape[1], seed)
    _fill(states, rows)
    found = compute(states, names, protocol, seed, progress)
    return noted(found, converted=note) if note else found


def measure_matrix(
    W: np.ndarray, names: Sequence[str] | None = None, *, centred: bool = False, progress: Progress = silent
) -> dict[str, Measurement]:
    """The geometry of a weight matrix (rows, columns); its spectrum is not centred unless asked.

    Args:
        W: float32, float64, or what `measure_cloud` converts.
        names: of `matrix_measures()`; None for all of them.
        centred: read the centred spectrum, as of a cloud.
        progress: told of each measure.

    Raises:
        SpecError: not a finite matrix of numbers, or a measure that is not defined for matrices.
        NotEnoughData: no rows or no columns.
        UnknownName: a name that is no measure's.
    """
    chosen = matrix_measures() if names is None else list(names)
    if wrong := [name for name in chosen if not MEASURES[name].matrix]:
        raise SpecError(
            f"{', '.join(wrong)}: not defined for weight matrices", f"choose among {', '.join(matrix_measures())}"
        )
    rows, note = as_cloud(W, "matrix")
    states = _empty(states_needed(chosen), rows.shape[1])
    if Moments in states:
        states[Moments] = Moments.empty(rows.shape[1], centred=centred)
    _fill(states, rows)
    found = _direct_ones(states, chosen, progress)
    return noted(found, converted=note) if note else found


def _empty(kinds: Collection[StateClass], d: int, seed: int = 0) -> dict[type, State]:
    return {kind: Rows.empty(d, seed=seed) if kind is Rows else kind.empty(d) for kind in kinds}


def _fill(states: Mapping[type, State], rows: np.ndarray) -> None:
    for batch in RowBatch.chunks_of_cloud(rows):
        for state in states.values():
            state.update(batch)
