"""The reservoir: all rows while they fit, then a sample that depends on rows alone."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
from scipy.stats import chisquare

from lmgeo.core.errors import SpecError
from lmgeo.states.batch import RowBatch
from lmgeo.states.rows import Rows


def tokens(n: int, d: int = 3, dtype: type = np.float32) -> RowBatch:
    rows = np.random.default_rng(0).normal(size=(n, d)).astype(dtype)
    return RowBatch(rows, np.arange(n) // 5, np.arange(n) % 5, np.arange(n) % 5 == 0)


def filled(batch: RowBatch, order: Sequence[int] | np.ndarray, piece: int, capacity: int, seed: int = 0) -> Rows:
    state = Rows.empty(batch.d, capacity=capacity, seed=seed)
    for start in range(0, len(order), piece):
        state.update(batch.take(np.asarray(order[start : start + piece])))
    return state


def test_rows_that_fit_are_kept_as_they_came() -> None:
    batch = tokens(100)
    state = filled(batch, range(100), 30, 100)
    np.testing.assert_array_equal(state.matrix(), batch.rows)
    assert state.matrix().dtype == np.float32
    assert (state.n, state.seen) == (100, 100)


def test_batch_order_never_shows() -> None:
    batch = tokens(100)
    shuffled = np.random.default_rng(1).permutation(100)
    np.testing.assert_array_equal(filled(batch, shuffled, 7, 100).matrix(), batch.rows)


@pytest.mark.parametrize("piece", [1, 13, 400])
@pytest.mark.parametrize("capacity", [1, 50, 399])
def test_a_sample_does_not_depend_on_order_or_pieces(piece: int, capacity: int) -> None:
    batch = tokens(400)
    once = filled(batch, range(400), 400, capacity)
    again = filled(batch, np.random.default_rng(2).permutation(400), piece, capacity)
    np.testing.assert_equal(again.to_arrays(), once.to_arrays())
    assert once.matrix().shape == (capacity, 3)
    assert (once.n, once.seen) == (capacity, 400)


def test_kept_rows_are_rows_of_the_cloud_in_order() -> None:
    batch = tokens(500)
    kept = filled(batch, range(500), 20, 60).kept()
    index = kept.sequence * 5 + kept.position
    assert (np.diff(index) > 0).all()
    np.testing.assert_array_equal(kept.rows, batch.rows[index])
    np.testing.assert_array_equal(kept.special, batch.special[index])


def test_another_seed_is_another_sample() -> None:
    batch = tokens(500)
    kept = [set(filled(batch, range(500), 500, 60, seed).kept().sequence.tolist()) for seed in (0, 1)]
    assert kept[0] != kept[1]


def test_every_row_is_as_likely() -> None:
    batch = tokens(40)
    counts = np.zeros(40)
    for seed in range(200):
        kept = filled(batch, range(40), 40, 10, seed).kept()
        counts[kept.sequence * 5 + kept.position] += 1
    assert chisquare(counts).pvalue > 1e-3


def test_types_that_differ_are_widened() -> None:
    state = Rows.empty(3)
    state.update(tokens(10))
    state.update(tokens(10, dtype=np.float64))
    assert state.matrix().dtype == np.float64
    assert len(state.matrix()) == 20


def test_the_matrix_is_read_only() -> None:
    matrix = filled(tokens(10), range(10), 10, 10).matrix()
    with pytest.raises(ValueError, match="read-only"):
        matrix[0] = 1


def test_an_empty_reservoir() -> None:
    assert Rows.empty(4).matrix().shape == (0, 4)


def test_little_more_than_the_capacity_is_held() -> None:
    state = Rows.empty(3, capacity=100)
    batch = tokens(3_000)
    held = 0
    for start in range(0, 3_000, 10):
        state.update(batch.take(slice(start, start + 10)))
        held = max(held, sum(len(chunk) for chunk in state._chunks))
    assert held <= 135


def test_no_room() -> None:
    with pytest.raises(SpecError, match="capacity 0"):
        Rows.empty(3, capacity=0)
