"""Measures by name: which states they need, and their values with reasons where there is none."""

from __future__ import annotations

import dataclasses
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from lmgeo.core.errors import SpecError
from lmgeo.core.measurement import Measurement
from lmgeo.core.progress import Progress, silent
from lmgeo.core.spec.protocol import QuantizerProtocol
from lmgeo.measures.declare import MEASURES
from lmgeo.measures.inputs import as_cloud
from lmgeo.measures.outcome import measured
from lmgeo.measures.protocols import protocol_identity
from lmgeo.numerics.moments import Products
from lmgeo.numerics.quantizers.quantization import Quantization
from lmgeo.numerics.threads import in_threads
from lmgeo.states.batch import RowBatch
from lmgeo.states.moments import Moments
from lmgeo.states.rows import Rows
from lmgeo.states.state import State, StateClass


def uses_protocol(name: str) -> bool:
    """Whether a measure is taken of a quantization, so that its value belongs to a protocol."""
    return MEASURES[name].state is Quantization


def identity_of(name: str, protocol: QuantizerProtocol, seed: int) -> dict[str, Any]:
    """What of the protocol and the seed enters a value's key: nothing where neither moves it."""
    if not uses_protocol(name):
        return {}
    seeded = protocol.seeds is not None or protocol.order != "input"
    return {"protocol": protocol_identity(protocol), **({"seed": seed} if seeded else {})}


def cloud_measures(globs: Sequence[str]) -> list[str]:
    """The measures of clouds that match any glob.

    Raises:
        UnknownName: a glob that matches none.
        SpecError: a glob that matches only measures of weight matrices.
    """
    for matched in map(MEASURES.select, ([glob] for glob in globs)):
        if not any(MEASURES[name].cloud for name in matched):
            what = f"{', '.join(matched)}: defined for weight matrices alone"
            raise SpecError(what, "use `lmgeo weights`, or other measures")
    return [name for name in MEASURES.select(globs) if MEASURES[name].cloud]


def matrix_measures() -> list[str]:
    """The measures that are defined for weight matrices."""
    return [name for name, declared in MEASURES.items() if declared.matrix]


def states_needed(names: Iterable[str]) -> set[StateClass]:
    """The states that the named measures read, be it through what is derived from them.

    Raises:
        UnknownName: a name that is no measure's.
    """
    return {source_of(MEASURES[name].state) for name in names}


def source_of(kind: StateClass) -> StateClass:
    """The state itself, or the one that it is derived from."""
    return Rows if kind is Quantization else getattr(kind, "source", kind)


def compute(
    states: Mapping[type, State],
    names: Sequence[str],
    protocol: QuantizerProtocol,
    seed: int,
    progress: Progress = silent,
    device: str = "cpu",
    spread: bool = True,
) -> dict[str, Measurement]:
    """Every named measure of one cloud with its spread, in the order of `names`.

    Args:
        states: the cloud's states by class; those of `states_needed(names)` at least.
        names: measures; each once.
        protocol: of the quantized ones.
        seed: of the quantizers: S + 1 … for the protocol's several.
        progress: told of each measure.
        device: where the quantizers' backend `torch` works.
        spread: whether to take each value again of parts of the cloud, for its standard error.

    Raises:
        UnknownName: a name that is no measure's.
        SpecError: a state that a measure reads is missing.
    """
    if missing := states_needed(names) - set(states):
        classes = ", ".join(sorted(state.__name__ for state in missing))
        raise SpecError(f"no {classes} to measure", "make the states that `states_needed` names")
    found: dict[str, Measurement] = {}
    for kind, group in by_state(names).items():
        progress(group[0], len(found), len(names))
        if kind is Quantization:
            found |= _quantized(states[Rows], group, protocol, seed, progress, device)
        else:
            found |= measured(kind, [MEASURES[name] for name in group], states[source_of(kind)], spread=spread)
    return {name: found[name] for name in names}


def compute_each(
    objects: Mapping[str, Mapping[type, State]],
    names: Sequence[str],
    protocol: QuantizerProtocol,
    seed: int,
    progress: Progress = silent,
    device: str = "cpu",
) -> dict[str, dict[str, Measurement]]:
    """The same of several clouds; those with the very same states are measured once.

    Measures of moments are taken of several clouds at once, for their linear algebra gains little from threads; the
    others, which hold copies of rows, of one cloud after another.

    Args:
        objects: each cloud's states by the cloud's name.

    Raises:
        as `compute`.
    """
    first = {name: next(n for n, other in objects.items() if other is states) for name, states in objects.items()}
    distinct = list(dict.fromkeys(first.values()))
    of_moments = [name for name in names if source_of(MEASURES[name].state) is Moments]
    others = [name for name in names if name not in of_moments]
    settings = (protocol, seed, progress, device)
    beside = in_threads(lambda name: compute(objects[name], of_moments, *settings), distinct)
    found = {}
    for name, moments in zip(distinct, beside, strict=True):
        all_of_it = {**moments, **compute(objects[name], others, *settings)}
        found[name] = {measure: all_of_it[measure] for measure in names}
    return {name: found[same] for name, same in first.items()}


def by_state(names: Sequence[str]) -> dict[StateClass, list[str]]:
    """The measures of each state together, so that what is derived for them is made once and let go."""
    groups: dict[StateClass, list[str]] = {}
    for name in names:
        groups.setdefault(MEASURES[name].state, []).append(name)
    return groups


def _quantized(
    state: State, names: list[str], protocol: QuantizerProtocol, seed: int, progress: Progress, device: str
) -> dict[str, Measurement]:
    from lmgeo.measures.quantized import quantized_measurements

    if not isinstance(state, Rows):
        raise SpecError(f"a {type(state).__name__} in place of Rows", "give each state under its own class")
    found = quantized_measurements(state.matrix(), names, protocol, seed, progress, device)
    left_out = state.seen - state.n
    return noted(found, rows_left_out=left_out) if left_out else found


def noted(measurements: Mapping[str, Measurement], **details: Any) -> dict[str, Measurement]:
    """The measurements with more details; what they hold already stays."""
    return {
        name: dataclasses.replace(found, details={**details, **found.details}) for name, found in measurements.items()
    }


def measure_cloud(
    X: np.ndarray,
    names: Sequence[str],
    protocol: QuantizerProtocol,
    seed: int,
    progress: Progress = silent,
    device: str = "cpu",
    products: Products = "float64",
) -> dict[str, Measurement]:
    """Every named measure of a plain cloud (n, d), one vector a row.

    Integers and half floats are converted, which `details` says. A cloud of more rows than a
    reservoir holds is sampled by `seed` for the measures that need rows.

    Args:
        X: (n, d) rows.
        names: measures; each once.
        protocol, seed: of the quantized ones.
        progress: told of each measure.
        device: where rows are multiplied and the quantizers' backend `torch` works.
        products: the type in which rows are multiplied for the spectra.

    Raises:
        SpecError: not two-dimensional, not numbers, or holding NaN or infinity.
        NotEnoughData: no rows or no columns.
        UnknownName: a name that is no measure's.
    """
    rows, note = as_cloud(X)
    states = _states_of(rows, states_needed(names), {Moments: {"products": products}}, seed, device)
    found = compute(states, names, protocol, seed, progress, device)
    return noted(found, converted=note) if note else found


def _states_of(
    rows: np.ndarray,
    kinds: Collection[StateClass],
    settings: Mapping[StateClass, Mapping[str, Any]],
    seed: int = 0,
    device: str = "cpu",
) -> dict[type, Any]:
    """The states of a cloud in hand; where all its rows are kept, they are kept where they lie."""
    filled = {kind: kind.empty(rows.shape[1], **settings.get(kind, {})) for kind in kinds if kind is not Rows}
    for batch in RowBatch.chunks_of_cloud(rows) if filled else ():
        there = batch if device == "cpu" else batch.to(device)
        for state in filled.values():
            state.update(there)
    return filled | ({Rows: Rows.of_cloud(rows, seed=seed)} if Rows in kinds else {})
