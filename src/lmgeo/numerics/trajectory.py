"""Checkpoints along a path: which stand out of place, and where the path breaks.

In a sound run the distance between two checkpoints grows with the steps between them, or stays as it is
once the weights only wander: a checkpoint lies no farther from its neighbours than they lie from each other.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from lmgeo.core.arrays import Float64, ndarray

# Of the ways that it replaces, a change of order must save this share. In 18 small runs (constant, cosine, linear;
# 400 to 6,000 steps) no change of the right order saved anything: the best one cost 3 to 12 % more.
SHORTER = 0.02
STRAY = 1.5  # times its neighbours' distance that a checkpoint may lie from the nearer one; up to 0.94 in those runs
BREAK = 2.0  # times the ways beside it that a way may be long, for the same steps; up to 1.03 in those runs
_BESIDE = 2  # ways looked at on each side


def distances(samples: Sequence[ndarray]) -> Float64[ndarray, "t t"]:
    """Euclidean distances of every two samples; by differences, for late checkpoints are nearly equal."""
    found = np.zeros((len(samples), len(samples)))
    for i, one in enumerate(samples):
        for j in range(i):
            found[i, j] = found[j, i] = np.linalg.norm(one - samples[j])
    return found


def path_order(between: Float64[ndarray, "t t"], floor: float = 0.0) -> list[int]:
    """The order in which the checkpoints lie along the shortest way near the given one.

    As long as the move of one checkpoint, or the turning round of a stretch, shortens the way by more than
    `SHORTER` of the ways that it replaces, the best such change is made (2-opt and or-opt of the travelling salesman).

    Args:
        between: distances in the given order.
        floor: a length that rounding may make; no smaller gain counts.

    Returns:
        Indices; 0, 1, 2 … where all are in place.
    """
    count = len(between)
    tour = np.arange(-1, count + 1)
    tour[-1] = -1
    # a place at no distance from any other, before the first and after the last, makes the ends like the rest
    padded = np.pad(between, ((0, 1), (0, 1)))
    for _ in range(4 * count):  # each change shortens the way, so this is only a guard
        d = padded[np.ix_(tour, tour)]
        moved, moves = _worth(*_moves(d), floor)
        turned, turns = _worth(*_turns(d), floor)
        if max(moved, turned) <= 0:
            break
        tour = _move(tour, *moves) if moved >= turned else _turn(tour, *turns)
    order = [int(i) for i in tour[1:-1]]
    # a way is as long from its other end: of the two directions, the one nearer to the given order
    places = np.arange(count)
    backward = np.dot(order[::-1], places) > np.dot(order, places)
    return order[::-1] if backward else order


def _worth(
    gains: Float64[ndarray, "a b"], scales: Float64[ndarray, "a b"], floor: float
) -> tuple[float, tuple[int, int]]:
    """The greatest gain that is worth it and where it stands; 0 where none is."""
    counted = np.where(gains > np.maximum(SHORTER * scales, floor), gains, 0.0)
    a, b = np.unravel_index(int(np.argmax(counted)), counted.shape)
    return float(counted[a, b]), (int(a), int(b))


def _moves(d: Float64[ndarray, "p p"]) -> tuple[Float64[ndarray, "p q"], Float64[ndarray, "p q"]]:
    """What it saves to move the i-th between the k-th and the next, and the ways it leaves."""
    i = np.arange(1, len(d) - 1)
    left = d[i - 1, i] + d[i, i + 1]
    gains = np.zeros((len(d), len(d) - 1))
    scales = np.zeros_like(gains)
    gains[i] = (left - d[i - 1, i + 1])[:, None] - (d[i, :-1] + d[i, 1:] - np.diagonal(d, 1))
    gains[i, i - 1] = gains[i, i] = 0.0  # where it is
    scales[i] = left[:, None]
    return gains, scales


def _turns(d: Float64[ndarray, "p p"]) -> tuple[Float64[ndarray, "p p"], Float64[ndarray, "p p"]]:
    """What it saves to turn the a-th to the b-th round, and the ways replaced."""
    a, b = (grid.ravel() for grid in np.triu_indices(len(d) - 2, 1))
    a, b = a + 1, b + 1
    gains, scales = np.zeros_like(d), np.zeros_like(d)
    scales[a, b] = d[a - 1, a] + d[b, b + 1]
    gains[a, b] = scales[a, b] - d[a - 1, b] - d[a, b + 1]
    return gains, scales


def _move(tour: ndarray, source: int, after: int) -> ndarray:
    rest = np.delete(tour, source)
    return np.insert(rest, after + 1 - (after > source), tour[source])


def _turn(tour: ndarray, first: int, last: int) -> ndarray:
    return np.concatenate([tour[:first], tour[first : last + 1][::-1], tour[last + 1 :]])


def strays(between: Float64[ndarray, "t t"], floor: float = 0.0) -> dict[int, float]:
    """Checkpoints that fit neither where they are nor between any others: of another run, or damaged.

    One fits between two others if the nearer of them is at most `STRAY` times as far as they are from each other.
    The first and the last are not judged.

    Returns:
        By index, the distance to the nearer neighbour over that of the neighbours.
    """
    count, found = len(between), {}
    for i in range(1, count - 1):
        rest = [j for j in range(count) if j != i]
        near = np.minimum(between[rest[:-1], i], between[rest[1:], i])
        across = np.maximum(between[rest[:-1], rest[1:]], max(floor, np.finfo(np.float64).tiny))
        if (near > STRAY * across).all():
            found[i] = float(near[i - 1] / across[i - 1])
    return found


def breaks(between: Float64[ndarray, "t t"], steps: Sequence[int], floor: float = 0.0) -> dict[int, float]:
    """Places where the path goes on somewhere else: no checkpoint before is near to any after.

    The nearest two of before and after are `BREAK` times as far apart as the ends of any of the two ways on each side;
    a way of more steps may be longer in proportion. The first way is not judged: weights move fastest at first.

    Returns:
        By the index of the last checkpoint before the break, that distance over the longest of those ways.
    """
    count, found = len(between), {}
    ways, gaps = np.diagonal(between, 1), np.diff(np.asarray(steps, np.float64))
    for k in range(1, count - 1):
        beside = [m for m in range(max(0, k - _BESIDE), min(count - 1, k + _BESIDE + 1)) if m != k]
        usual = max(floor, *(ways[m] * max(1.0, gaps[k] / gaps[m]) for m in beside), np.finfo(np.float64).tiny)
        across = between[: k + 1, k + 1 :].min()
        if across > BREAK * usual:
            found[k] = float(across / usual)
    return found
