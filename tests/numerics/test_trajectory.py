"""Order along a path, on walks whose order is known."""

from __future__ import annotations

from itertools import pairwise, permutations

import numpy as np
import pytest

from lmgeo.core.seeds import numpy_stream
from lmgeo.numerics.trajectory import breaks, distances, path_order, strays


def walk(seed: int, kind: str, count: int = 10, d: int = 4000) -> list[np.ndarray]:
    """Checkpoints of a run: straight with noise, a random walk, wandering about a mean, or slowing to a stop."""
    random = numpy_stream(seed, "test_walk", kind)
    rate = {"stopping": np.cos(np.linspace(0, np.pi / 2, count)) ** 2 + 1e-4}.get(kind, np.ones(count))
    drift = random.normal(size=d) if kind == "straight" else np.zeros(d)
    keep = 0.5 if kind == "wandering" else 1.0
    at, path = random.normal(size=d), []
    for r in rate:
        path.append(at)
        at = keep * at + r * (drift + 0.3 * random.normal(size=d))
    return path


KINDS = ["straight", "random", "wandering", "stopping"]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("seed", range(5))
def test_a_sound_path_raises_nothing(kind: str, seed: int) -> None:
    between = distances(walk(seed, kind))
    assert path_order(between) == list(range(10))
    assert strays(between) == {}
    assert breaks(between, range(0, 1000, 100)) == {}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("seed", range(3))
def test_a_shuffled_path_is_put_in_order(kind: str, seed: int) -> None:
    between = distances(walk(seed, kind))
    shuffled = numpy_stream(seed, "test_shuffle", kind).permutation(10)
    found = shuffled[path_order(between[np.ix_(shuffled, shuffled)])].tolist()
    assert found in (list(range(10)), list(range(10))[::-1])


@pytest.mark.parametrize("kind", KINDS)
def test_every_swap_is_undone(kind: str) -> None:
    between = distances(walk(0, kind))
    for a in range(10):
        for b in range(a + 1, 10):
            order = list(range(10))
            order[a], order[b] = b, a
            found = [order[i] for i in path_order(between[np.ix_(order, order)])]
            assert found in (list(range(10)), list(range(10))[::-1])


def test_it_is_the_shortest_of_all_orders() -> None:
    between = distances(walk(3, "random", count=7))
    mixed = [3, 0, 5, 1, 6, 2, 4]
    between = between[np.ix_(mixed, mixed)]

    def length(order: tuple[int, ...]) -> float:
        return float(sum(between[a, b] for a, b in pairwise(order)))

    assert length(tuple(path_order(between))) == pytest.approx(min(map(length, permutations(range(7)))))


def test_distances_keep_the_digits_of_near_samples() -> None:
    far = np.full(10, 1e3)
    assert distances([far, far + 1e-9])[0, 1] == pytest.approx(1e-9 * np.sqrt(10), rel=1e-3)


def test_a_checkpoint_of_another_run_strays() -> None:
    path = walk(0, "straight")
    path[4] = walk(9, "straight")[4]
    assert list(strays(distances(path))) == [4]


def test_where_another_run_goes_on_is_a_break() -> None:
    path = [*walk(0, "random")[:5], *walk(9, "random")[5:]]
    assert list(breaks(distances(path), range(10))) == [4]


def test_a_longer_way_of_more_steps_is_no_break() -> None:
    path = walk(0, "straight", count=14)
    steps = [0, 1, 2, 3, 4, 12, 13]
    between = distances([path[s] for s in steps])
    assert breaks(between, steps) == {}
    assert list(breaks(between, range(7))) == [4]


def test_rounding_is_below_the_floor() -> None:
    random = numpy_stream(0, "test_rounding")
    same = [1.0 + 1e-9 * random.normal(size=100) for _ in range(6)]
    assert path_order(distances(same), floor=1e-5) == list(range(6))
    assert strays(distances(same), floor=1e-5) == {}
