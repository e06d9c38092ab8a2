"""Nearest distances against all differences one by one, on clouds that defeat matrix products."""

from __future__ import annotations

import numpy as np
import pytest

from lmgeo.numerics import neighbours as module
from lmgeo.numerics.neighbours import first_occurrences, nearest_distances
from lmgeo.numerics.reach import within_reach

RNG = np.random.default_rng(0)
NORMAL = RNG.normal(size=(400, 12))
CLOUDS: dict[str, np.ndarray] = {
    "normal": NORMAL,
    "single precision": NORMAL.astype(np.float32),
    "far away, in single precision": (NORMAL + 1e4).astype(np.float32),
    "far away": NORMAL + 1e8,
    "one row far away": np.vstack([NORMAL, np.full((1, 12), 1e12)]),
    "two clouds far apart": np.vstack([NORMAL[:200], NORMAL[200:] + 1e7]),
    "a knot of near-equal rows": np.vstack([NORMAL, NORMAL[0] + 1e-7 * RNG.normal(size=(150, 12))]),
    "a knot far from the centre": np.vstack([NORMAL * 1e4, 3e4 + 1e-8 * RNG.normal(size=(150, 12))]),
    "one-hot": np.eye(130),
    "a lattice": np.stack(np.meshgrid(*[np.arange(4.0)] * 4), axis=-1).reshape(-1, 4),
    "one column": NORMAL[:, :1],
    "tiny, in single precision": (NORMAL * 1e-30).astype(np.float32),
    "unlike scales": NORMAL * np.geomspace(1e6, 1e-6, 12),
}


def slow_distances(X: np.ndarray, k: int) -> np.ndarray:
    exact = X.astype(np.longdouble)
    squares = [np.sort(np.square(exact - row).sum(axis=1))[1 : k + 1] for row in exact]
    return np.sqrt(squares).astype(np.float64)


@pytest.mark.parametrize("cloud", CLOUDS.values(), ids=CLOUDS.keys())
@pytest.mark.parametrize("k", [1, 2, 20, 100])
def test_against_all_differences(cloud: np.ndarray, k: int) -> None:
    np.testing.assert_allclose(nearest_distances(cloud, k), slow_distances(cloud, k), rtol=1e-13)


@pytest.mark.parametrize("precisions", [(np.float32,), (np.float64,)])
def test_every_way_of_searching_gives_the_same(precisions: tuple[type, ...], monkeypatch: pytest.MonkeyPatch) -> None:
    # what one precision leaves open goes to the last resort at once
    monkeypatch.setattr(module, "PRECISIONS", precisions)
    for cloud in CLOUDS.values():
        np.testing.assert_allclose(nearest_distances(cloud, 5), slow_distances(cloud, 5), rtol=1e-13)


def test_blocks_and_groups_never_show(monkeypatch: pytest.MonkeyPatch) -> None:
    X = np.random.default_rng(1).normal(size=(1_500, 6)).astype(np.float32)
    whole = nearest_distances(X, 3)  # wide enough for groups of columns
    np.testing.assert_allclose(whole, slow_distances(X, 3), rtol=1e-13)
    monkeypatch.setattr(module, "_BLOCK_VALUES", 100_000)
    monkeypatch.setattr(module, "_PIECE_VALUES", 50)
    np.testing.assert_array_equal(nearest_distances(X, 3), whole)


@pytest.mark.parametrize("n", [2, 3, 10, 21])
def test_as_many_neighbours_as_there_are(n: int) -> None:
    X = np.random.default_rng(n).normal(size=(n, 3))
    np.testing.assert_allclose(nearest_distances(X, n - 1), slow_distances(X, n - 1), rtol=1e-13)


@pytest.mark.parametrize("factor", [1e-310, 1e-200, 1e200, 1e307])
def test_values_whose_squares_leave_float64(factor: float) -> None:
    X = np.random.default_rng(2).uniform(-1, 1, size=(30, 4))
    near = within_reach(X * factor)
    ratio = nearest_distances(near, 2) / nearest_distances(X, 2)
    np.testing.assert_allclose(ratio, ratio[0, 0], rtol=1e-2 if factor < 1e-300 else 1e-12)


def test_first_occurrences() -> None:
    X = np.array([[0.0, 1.0], [2.0, 3.0], [-0.0, 1.0], [2.0, 3.0], [2.0, np.nextafter(3.0, 4.0)]])
    np.testing.assert_array_equal(first_occurrences(X), [0, 1, 4])
    np.testing.assert_array_equal(first_occurrences(np.asfortranarray(X.astype(np.float32))), [0, 1])


def test_first_occurrences_in_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    X = np.random.default_rng(3).integers(0, 3, size=(200, 2)).astype(np.float64)
    monkeypatch.setattr("lmgeo.numerics.moments._CHUNK_VALUES", 10)
    np.testing.assert_array_equal(first_occurrences(X), np.sort(np.unique(X, axis=0, return_index=True)[1]))
