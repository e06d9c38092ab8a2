"""Scores on principal axes: what they count, and when they refuse."""

from __future__ import annotations

import numpy as np
import pytest

from lmgeo.core.errors import NotEnoughData
from lmgeo.states.axis_scores import AxisScores
from lmgeo.states.rows import Rows

X = np.random.default_rng(0).normal(size=(90, 4)) + 1e6


def scores(rows: np.ndarray, capacity: int = 1_000) -> AxisScores:
    return AxisScores.of(Rows.of_cloud(rows, capacity=capacity))


def test_it_tells_what_it_is_of() -> None:
    state = scores(np.hstack([X, np.full((90, 2), 7.0)]), capacity=60)
    assert (state.n, state.d, state.flat, state.rows_left_out) == (60, 6, 2, 30)
    assert len(state.summaries.low) == 4
    assert (state.summaries.counts.sum(axis=1) == 60).all()


def test_it_is_computed_once_and_not_before_it_is_asked_for() -> None:
    state = scores(np.full((9, 3), 0.1))
    assert state.n == 9
    with pytest.raises(NotEnoughData, match=r"9 row\(s\) are equal"):
        _ = state.summaries
    other = scores(X)
    assert other.summaries is other.summaries
