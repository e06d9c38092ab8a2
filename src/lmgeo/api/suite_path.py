"""Whether the checkpoints of one run lie along a path in the order of their steps."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from itertools import pairwise

import numpy as np

from lmgeo.api.suite_checks import Checkpoint, Fault, copies_fault, same_weights
from lmgeo.core.arrays import Float64, ndarray

_ROUNDING = 1e-6  # of the weights' norm: distances below are those of float32


def path_faults(found: Sequence[Checkpoint], known: Collection[str] = ()) -> list[Fault]:
    """Steps with the same weights, out of place, fitting nowhere, and breaks between steps.

    Args:
        found: sound checkpoints of one architecture, in order of their steps.
        known: labels of those that are known to stand where they do not belong; their place is not judged.
    """
    from lmgeo.numerics.trajectory import distances, path_order, strays

    if len(found) < 2:
        return []
    between = distances([one.sketch.sample for one in found])
    floor = _ROUNDING * max(one.sketch.norm for one in found)
    copies, kept = _copies(found, between)
    kept = [k for k in kept if found[k].label not in known]
    lost = strays(between[np.ix_(kept, kept)], floor)
    faults = [*copies, *(_stray(found, kept, i, times) for i, times in lost.items())]
    kept = [k for i, k in enumerate(kept) if i not in lost]
    broken = _broken(between[np.ix_(kept, kept)], [found[k].step.step for k in kept], floor)
    faults += [_break(found[kept[i]], found[kept[i + 1]], times) for i, times in broken.items()]
    for first, end in pairwise([0, *(i + 1 for i in broken), len(kept)]):  # each part has an order of its own
        part = kept[first:end]
        faults += _displaced([found[k] for k in part], path_order(between[np.ix_(part, part)], floor))
    return faults


def _copies(found: Sequence[Checkpoint], between: Float64[ndarray, "t t"]) -> tuple[list[Fault], list[int]]:
    """The faults of equal steps, and the steps to go on with: of each group the one in the best place."""
    kept, faults = list(range(len(found))), []
    for group in same_weights(found):
        places = [i for i, one in enumerate(found) if one in group]
        rest = [i for i in kept if i not in places]
        # from the last on: of places that fit alike, that of the final weights
        fits = min(reversed(places), key=lambda i: _detour(i, rest, between)) if len(rest) > 1 else None
        faults.append(copies_fault(group, found[-1], None if fits is None else found[fits]))
        kept = sorted([*rest, places[0] if fits is None else fits])
    return faults, kept


def _broken(between: Float64[ndarray, "t t"], steps: Sequence[int], floor: float) -> dict[int, float]:
    """The breaks that no other order of the steps mends: those whose two sides it leaves side by side."""
    from lmgeo.numerics.trajectory import breaks, path_order

    order = path_order(between, floor)
    candidates = breaks(between, steps, floor)
    return {k: times for k, times in candidates.items() if k in (max(order[: k + 1]), max(order[-k - 1 :]))}


def _detour(place: int, rest: Sequence[int], between: Float64[ndarray, "t t"]) -> float:
    """How much longer the way through the others becomes by one in its place."""
    before, after = [i for i in rest if i < place], [i for i in rest if i > place]
    if not before or not after:
        return float(between[place, after[0] if after else before[-1]])
    p, q = before[-1], after[0]
    return float(between[p, place] + between[place, q] - between[p, q])


def _displaced(found: Sequence[Checkpoint], order: Sequence[int]) -> Iterator[Fault]:
    """Two in each other's place are one fault; else each that is not in the longest part that is in order."""
    kind, there = "out_of_place", {i: place for place, i in enumerate(order)}
    swapped = {i for i, place in there.items() if place != i and there[place] == i}
    for i in sorted(swapped):
        if i < there[i]:
            names = found[i].label, found[there[i]].label
            yield Fault(kind, ", ".join(names), f"{names[0]} and {names[1]} stand in each other's place")
    moved = {i for i in order if i not in _longest_ordered(order)} - swapped
    for i in sorted(moved):
        near = [found[order[p]].label for p in (there[i] - 1, there[i] + 1) if 0 <= p < len(order)]
        detail = f"its weights lie next to those of {' and '.join(near)}"
        yield Fault(kind, found[i].label, f"{detail}: the way through all steps is shortest there")


def _longest_ordered(order: Sequence[int]) -> set[int]:
    """A longest ascending part of a permutation."""
    best: list[list[int]] = []  # of those that end with each
    for i, value in enumerate(order):
        before = [best[j] for j in range(i) if order[j] < value]
        best.append([*max(before, key=len, default=[]), value])
    longest: list[int] = max(best, key=len)
    return set(longest)


def _stray(found: Sequence[Checkpoint], kept: Sequence[int], place: int, times: float) -> Fault:
    one, beside = found[kept[place]], [found[kept[place + d]].label for d in (-1, 1)]
    detail = (
        f"from the nearer of {beside[0]} and {beside[1]} it is {times:.3g} times as far as they are from each other"
    )
    return Fault("jump", one.label, f"{detail}, and it fits between no other steps")


def _break(before: Checkpoint, after: Checkpoint, times: float) -> Fault:
    detail = (
        f"no step up to {before.label} is near to any from {after.label} on: the nearest two are {times:.3g} times "
        "as far apart as the steps beside, for the same number of steps"
    )
    return Fault("jump", f"{before.label} to {after.label}", detail)
