"""The laws of every state: identity, merge, split, settings, aliasing, memory, shift, arrays."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lmgeo.core.errors import IncompatibleState
from lmgeo.states.batch import RowBatch
from lmgeo.states.comoments import CoMoments
from lmgeo.states.moments import Moments
from lmgeo.states.registry import STATES
from lmgeo.states.rows import Rows
from lmgeo.states.state import State
from lmgeo.states.steps import Steps

D = 5
BatchOf = Callable[..., RowBatch]

# Each state under its defaults, and under the settings that change what it keeps.
MAKERS: dict[str, Callable[[], State]] = {
    **{kind.__name__: lambda kind=kind: kind.empty(D) for kind in STATES},
    "Moments uncentred": lambda: Moments.empty(D, centred=False),
    "Rows sampled": lambda: Rows.empty(D, capacity=40, seed=3),
    "CoMoments of unlike sides": lambda: CoMoments.empty(D, left=4, groups=1),
}
UNLIKE: dict[str, Callable[[], State]] = {
    **{f"{kind.__name__} of another width": lambda kind=kind: kind.empty(D + 1) for kind in STATES},
    "Moments of another centring": lambda: Moments.empty(D, centred=False),
    "Rows of another capacity": lambda: Rows.empty(D, capacity=7),
    "Rows of another seed": lambda: Rows.empty(D, seed=1),
    "CoMoments of other sides": lambda: CoMoments.empty(D, left=3),
}

every_state = pytest.mark.parametrize("make", MAKERS.values(), ids=MAKERS.keys())


def filled(make: Callable[[], State], *batches: RowBatch) -> State:
    state = make()
    for batch in batches:
        state.update(batch)
    return state


def assert_same(a: State, b: State, tolerance: float = 1e-10) -> None:
    left, right = a.to_arrays(), b.to_arrays()
    assert left.keys() == right.keys()
    for name in left:
        scale = max(1.0, float(np.abs(right[name]).max(initial=0.0)))
        np.testing.assert_allclose(left[name], right[name], rtol=0, atol=tolerance * scale, err_msg=name)


def cuts_of(make: Callable[[], State], cuts: list[int], length: int) -> list[int]:
    """Cuts where this state allows them: anywhere, or between sequences of `length` rows."""
    return [cut // length * length for cut in cuts] if getattr(make(), "whole_sequences", False) else cuts


def size(state: State) -> int:
    return sum(array.nbytes for array in state.to_arrays().values())


def test_the_registry_is_complete() -> None:
    import importlib
    import pkgutil

    import lmgeo.states

    modules = [importlib.import_module(f"lmgeo.states.{m.name}") for m in pkgutil.iter_modules(lmgeo.states.__path__)]
    found = {
        value
        for module in modules
        for value in vars(module).values()
        if isinstance(value, type) and value is not State and hasattr(value, "merge")
    }
    assert found == set(STATES)


@every_state
def test_is_a_state(make: Callable[[], State]) -> None:
    state = make()
    assert isinstance(state, State)
    assert (state.n, state.d) == (0, D)
    assert state.settings["d"] == D


@every_state
def test_empty_is_the_identity(make: Callable[[], State], batch_of: BatchOf) -> None:
    state = filled(make, batch_of(100, D))
    assert_same(make().merge(state), state, 0)
    assert_same(state.merge(make()), state, 0)
    assert_same(make().merge(make()), make(), 0)


@every_state
def test_an_empty_batch_changes_nothing(make: Callable[[], State], batch_of: BatchOf) -> None:
    assert_same(filled(make, batch_of(0, D)), make(), 0)
    assert_same(filled(make, batch_of(50, D), batch_of(0, D)), filled(make, batch_of(50, D)), 0)


@every_state
def test_merge_commutes(make: Callable[[], State], batch_of: BatchOf) -> None:
    a, b = filled(make, batch_of(60, D, 1)), filled(make, batch_of(33, D, 2, first=60))
    assert_same(a.merge(b), b.merge(a))


@every_state
def test_merge_associates(make: Callable[[], State], batch_of: BatchOf) -> None:
    a, b, c = (filled(make, batch_of(n, D, n, first=100 * n)) for n in (1, 40, 90))
    assert_same(a.merge(b).merge(c), a.merge(b.merge(c)))


@every_state
@settings(max_examples=25, deadline=None)
@given(cuts=st.lists(st.integers(0, 90), max_size=4), order=st.randoms(use_true_random=False))
def test_any_split_equals_one_pass(make: Callable[[], State], cuts: list[int], order: Any) -> None:
    rng = np.random.default_rng(9)
    batch = RowBatch(rng.normal(size=(90, D)), np.arange(90) // 4, np.arange(90) % 4, np.arange(90) % 4 == 0)
    edges = [0, *sorted(cuts_of(make, cuts, 4)), 90]
    parts = [filled(make, batch.take(slice(a, b))) for a, b in itertools.pairwise(edges)]
    order.shuffle(parts)
    merged = make()
    for part in parts:
        merged = merged.merge(part)
    assert_same(merged, filled(make, batch))


@every_state
def test_updates_equal_one_pass(make: Callable[[], State], batch_of: BatchOf) -> None:
    batch = batch_of(300, D)
    edges = sorted({*cuts_of(make, list(range(300)), 7), 300})
    pieces = [batch.take(slice(a, b)) for a, b in itertools.pairwise(edges)]
    assert_same(filled(make, *pieces), filled(make, batch))


@every_state
def test_merge_leaves_both_as_they_were(make: Callable[[], State], batch_of: BatchOf) -> None:
    a, b = filled(make, batch_of(50, D, 1)), filled(make, batch_of(50, D, 2, first=50))
    both = a.merge(b)
    before = both.to_arrays()
    a.update(batch_of(9, D, 3, first=200))
    b.update(batch_of(9, D, 4, first=300))
    assert_same(a, filled(make, batch_of(50, D, 1), batch_of(9, D, 3, first=200)))
    np.testing.assert_equal(both.to_arrays(), before)


PAIRS = [
    pytest.param(make(), unlike(), id=f"{name} and {other}")
    for name, make in MAKERS.items()
    for other, unlike in UNLIKE.items()
    if type(make()) is not type(unlike()) or make().settings != unlike().settings
]


@pytest.mark.parametrize(("a", "b"), PAIRS)
def test_unlike_settings_raise(a: State, b: State) -> None:
    with pytest.raises(IncompatibleState) as caught:
        a.merge(b)
    assert caught.value.mend


@every_state
def test_rows_of_another_width_raise(make: Callable[[], State], batch_of: BatchOf) -> None:
    with pytest.raises(IncompatibleState, match="columns"):
        make().update(batch_of(3, D + 1))


@every_state
def test_input_is_not_aliased(make: Callable[[], State], batch_of: BatchOf) -> None:
    batch = batch_of(60, D)
    state = filled(make, batch)
    before = state.to_arrays()
    for array in (batch.rows, batch.sequence, batch.position):
        array += 7
    np.testing.assert_equal(state.to_arrays(), before)


@every_state
def test_input_is_not_changed(make: Callable[[], State], batch_of: BatchOf) -> None:
    batch, same = batch_of(60, D), batch_of(60, D)
    filled(make, batch)
    np.testing.assert_array_equal(batch.rows, same.rows)


@every_state
def test_output_is_not_aliased(make: Callable[[], State], batch_of: BatchOf) -> None:
    state = filled(make, batch_of(60, D))
    before = state.to_arrays()
    for array in state.to_arrays().values():
        if array.dtype != np.bool_:
            array += 1
    np.testing.assert_equal(state.to_arrays(), before)


@every_state
@pytest.mark.parametrize("n", [0, 1, 200])
def test_arrays_round_trip(make: Callable[[], State], n: int, batch_of: BatchOf) -> None:
    state = filled(make, batch_of(n, D))
    again = type(state).from_arrays(state.to_arrays())
    np.testing.assert_equal(again.to_arrays(), state.to_arrays())
    assert again.settings == state.settings
    assert again.n == state.n
    more = batch_of(30, D, 5, first=n)
    state.update(more)
    again.update(more)
    assert_same(again, state, 0)


@pytest.mark.parametrize("name", ["Moments", "Directions", "Rows sampled", "CoMoments", "Steps"])
def test_memory_does_not_grow(name: str, batch_of: BatchOf) -> None:
    state = filled(MAKERS[name], batch_of(100, D))
    before = size(state)
    for step in range(1, 20):
        state.update(batch_of(100, D, step, first=100 * step))
    assert size(state) == before


@every_state
def test_a_shift_by_a_million_is_harmless(make: Callable[[], State], batch_of: BatchOf) -> None:
    batch = batch_of(500, D)
    state, far = make(), make()
    for start in range(0, 500, 50):
        part = batch.take(slice(start, start + 50))
        state.update(part)
        far.update(RowBatch(part.rows + 1e6, part.sequence, part.position, part.special))
    near, shifted = state.to_arrays(), far.to_arrays()
    assert all(np.isfinite(array).all() for array in shifted.values())
    if isinstance(state, Moments):
        np.testing.assert_allclose(shifted["scatters"], near["scatters"], rtol=1e-8, atol=1e-8)
        np.testing.assert_allclose(shifted["means"] - 1e6, near["means"], atol=1e-8)
    if isinstance(state, Rows):
        np.testing.assert_allclose(shifted["rows"] - 1e6, near["rows"], atol=1e-8)
    if isinstance(state, CoMoments):
        for name in ("scatters", "thirds", "fourths"):
            np.testing.assert_allclose(shifted[name], near[name], rtol=1e-7, atol=1e-7)
    if isinstance(state, Steps):
        np.testing.assert_allclose(shifted["angles"], near["angles"], rtol=1e-7)
