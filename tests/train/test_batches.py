"""Training batches: every sequence once, like lengths together, seeded."""

from __future__ import annotations

import numpy as np
import pytest

from lmgeo.core.tokens import TokenSequence
from lmgeo.train.batches import TokenRows, bucketed_batches, pad


@pytest.mark.parametrize(("n", "size"), [(1, 8), (7, 8), (8, 8), (1000, 8), (333, 10)])
def test_each_sequence_comes_once_an_epoch(n: int, size: int) -> None:
    lengths = np.random.default_rng(0).integers(1, 50, n)
    batches = bucketed_batches(lengths, size, np.random.default_rng(1), keep_rest=True)
    np.testing.assert_array_equal(np.sort(np.concatenate(batches)), np.arange(n))
    assert all(len(b) <= size for b in batches)


def test_without_the_rest_all_batches_are_full() -> None:
    batches = bucketed_batches(np.arange(1, 104), 10, np.random.default_rng(1), keep_rest=False)
    assert [len(b) for b in batches] == [10] * 10
    assert len(np.unique(np.concatenate(batches))) == 100


def test_a_batch_is_never_larger_than_the_data() -> None:
    batches = bucketed_batches(np.array([3, 1, 2]), 64, np.random.default_rng(0), keep_rest=False)
    assert [sorted(b) for b in batches] == [[0, 1, 2]]


def test_order_follows_the_stream() -> None:
    lengths = np.random.default_rng(0).integers(1, 50, 200)
    one, same, other = (bucketed_batches(lengths, 8, np.random.default_rng(s), True) for s in (1, 1, 2))
    np.testing.assert_array_equal(np.concatenate(one), np.concatenate(same))
    assert not np.array_equal(np.concatenate(one), np.concatenate(other))


def test_little_is_padding() -> None:
    lengths = np.random.default_rng(0).integers(1, 100, 5000)
    batches = bucketed_batches(lengths, 32, np.random.default_rng(1), True)
    padded = sum(len(b) * lengths[b].max() for b in batches)
    assert padded < 1.1 * lengths.sum()
    # yet a batch's place in the epoch says nothing about its length
    means = [lengths[b].mean() for b in batches]
    assert abs(np.corrcoef(means, np.arange(len(means)))[0, 1]) < 0.2


@pytest.mark.parametrize("most", [5, 6, 128])
def test_padding_fills_the_right_and_keeps_within_the_most(most: int) -> None:
    sequences = [np.array([5, 6, 7]), np.array([1, 2, 3, 4, 5])]
    ids, real = pad(sequences, 9, most)
    assert ids.shape[1] == min(most, 8)
    for row, sequence in enumerate(sequences):
        np.testing.assert_array_equal(ids[row][real[row]], sequence)
        assert set(ids[row][~real[row]]) <= {9}


def test_token_rows_carry_segments() -> None:
    def sequence(*segments: int) -> TokenSequence:
        n = len(segments)
        return TokenSequence(np.arange(1, n + 1, dtype=np.int32), np.zeros(n, bool), np.array(segments, np.int8))

    rows = TokenRows([sequence(0, 0), sequence(0, 1, 1)], pad_id=0)
    ids, mask, segments = rows.batch(np.array([1, 0]))
    np.testing.assert_array_equal(ids, [[1, 2, 3], [1, 2, 0]])
    np.testing.assert_array_equal(mask, [[1, 1, 1], [1, 1, 0]])
    np.testing.assert_array_equal(segments, [[0, 1, 1], [0, 0, 0]])
