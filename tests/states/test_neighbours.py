"""Neighbours among distinct rows: which rows are used, and what is told of the others."""

from __future__ import annotations

import numpy as np
import pytest

from lmgeo.core.errors import NotEnoughData
from lmgeo.states import neighbours as module
from lmgeo.states.neighbours import Neighbours
from lmgeo.states.rows import Rows

X = np.random.default_rng(0).normal(size=(200, 3))


def neighbours(rows: np.ndarray, capacity: int = 10_000, seed: int = 0) -> Neighbours:
    return Neighbours.of(Rows.of_cloud(rows, capacity=capacity, seed=seed))


def test_all_distinct_rows_are_used_and_nothing_is_said() -> None:
    state = neighbours(X)
    assert (state.n, state.d, state.details) == (200, 3, {})
    assert state.distances(2).shape == (200, 2)


@pytest.mark.parametrize("copies", [np.vstack([X, X]), np.repeat(X, 3, axis=0), np.vstack([X, X[:20]])])
def test_duplicates_are_removed_and_counted(copies: np.ndarray) -> None:
    state = neighbours(copies)
    assert state.details == {"duplicates": len(copies) - 200, "distinct_rows": 200}
    np.testing.assert_array_equal(state.distances(5), neighbours(X).distances(5))
    assert state.total_variance == pytest.approx(neighbours(X).total_variance, rel=1e-12)


def test_many_rows_are_sampled_after_duplicates_are_gone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST_ROWS", 150)
    state = neighbours(np.vstack([X, X]))
    assert state.details == {"duplicates": 200, "rows_left_out": 50, "distinct_rows": 150}
    assert neighbours(X).details == {"rows_left_out": 50, "distinct_rows": 150}
    # the same rows: the sample goes by the rows' places, of which the first is the one that counts
    np.testing.assert_array_equal(state.distances(1), neighbours(X).distances(1))


def test_a_smaller_sample_is_part_of_a_greater_one(monkeypatch: pytest.MonkeyPatch) -> None:
    def rows_of(most: int) -> set[bytes]:
        monkeypatch.setattr(module, "MOST_ROWS", most)
        return {row.tobytes() for row in neighbours(X)._rows}

    assert rows_of(40) < rows_of(150) < rows_of(1_000)


def test_rows_the_reservoir_left_out_are_counted() -> None:
    state = neighbours(np.vstack([X, X]), capacity=300)
    assert state.n + state.duplicates == 300
    assert state.left_out == 100


@pytest.mark.parametrize("n", [2, 5])
def test_too_few_rows(n: int) -> None:
    state = neighbours(X[:n])
    assert state.distances(n - 1).shape == (n, n - 1)
    with pytest.raises(NotEnoughData, match=f"{n} distinct"):
        state.distances(n)


def test_rows_all_equal() -> None:
    with pytest.raises(NotEnoughData, match=r"1 distinct row\(s\) have no 1 neighbours"):
        neighbours(np.full((30, 3), 0.1)).distances(1)


def test_a_distance_that_float64_cannot_hold_beside_the_greatest() -> None:
    rows = np.array([[1e-200], [2e-200], [3e-200], [1e200]])
    with pytest.raises(NotEnoughData, match="underflows"):
        neighbours(rows).distances(1)


@pytest.mark.parametrize("shift", [0.0, 1e8])
def test_total_variance(shift: float) -> None:
    assert neighbours(X + shift).total_variance == pytest.approx(X.var(axis=0, ddof=1).sum(), rel=1e-7)


@pytest.mark.parametrize(("d", "k"), [(1, 5), (3, 15), (20, 100), (500, 100)])
def test_the_neighbour_that_the_first_is_compared_with(d: int, k: int) -> None:
    assert neighbours(np.random.default_rng(1).normal(size=(5, d))).overlap_neighbours == k
