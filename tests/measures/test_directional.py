"""Mean cosine against all pairs one by one."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from lmgeo.core.errors import NotEnoughData
from lmgeo.measures.directional import mean_cosine
from lmgeo.states.batch import RowBatch
from lmgeo.states.directions import Directions


def directions(X: np.ndarray) -> Directions:
    state = Directions.empty(X.shape[1])
    state.update(RowBatch.of_cloud(X))
    return state


def slow_mean_cosine(X: np.ndarray) -> float:
    rows = [x / np.linalg.norm(x) for x in X.astype(np.float64) if x.any()]
    return float(np.mean([a @ b for a, b in itertools.combinations(rows, 2)]))


@pytest.mark.parametrize("shift", [0.0, 0.5, 30.0])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_against_all_pairs(shift: float, dtype: type) -> None:
    X = (np.random.default_rng(0).normal(size=(60, 5)) + shift).astype(dtype)
    assert mean_cosine(directions(X)).value == pytest.approx(slow_mean_cosine(X), rel=1e-10, abs=1e-12)


def test_zero_rows_are_dropped_and_counted() -> None:
    X = np.random.default_rng(1).normal(size=(20, 4))
    with_zeros = np.vstack([np.zeros((3, 4)), X])
    valued = mean_cosine(directions(with_zeros))
    assert valued.value == pytest.approx(mean_cosine(directions(X)).value, rel=1e-12)
    assert valued.details == {"zero_rows": 3}


def test_known_values() -> None:
    assert mean_cosine(directions(np.array([[1.0, 0.0], [0.0, 5.0]]))).value == pytest.approx(0.0, abs=1e-15)
    assert mean_cosine(directions(np.array([[1.0, 0.0], [-7.0, 0.0]]))).value == -1.0
    assert mean_cosine(directions(np.full((9, 3), 0.1))).value == pytest.approx(1.0)


@pytest.mark.parametrize("factor", [1e-320, 1e-200, 1e200])
def test_lengths_beyond_float64_squares(factor: float) -> None:
    X = np.array([[1.0, 1.0], [1.0, -1.0], [2.0, 0.0]])
    assert mean_cosine(directions(X * factor)).value == pytest.approx(slow_mean_cosine(X), rel=1e-3)


@pytest.mark.parametrize("X", [np.ones((1, 3)), np.zeros((5, 3)), np.vstack([np.ones(3), np.zeros((4, 3))])])
def test_no_pair(X: np.ndarray) -> None:
    with pytest.raises(NotEnoughData, match="no pair"):
        mean_cosine(directions(X))
