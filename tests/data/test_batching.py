"""Batches hold every token once, padded, within the bound."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lmgeo.core.errors import SpecError
from lmgeo.core.tokens import TokenSequence
from lmgeo.data.batching import length_sorted_batches, pad

PAD = 99


def sequence(length: int, start: int = 0) -> TokenSequence:
    special = np.zeros(length, dtype=bool)
    special[:1] = True
    segments = (np.arange(length) >= length // 2).astype(np.int8)
    return TokenSequence(np.arange(start, start + length, dtype=np.int32), special, segments)


@given(st.lists(st.integers(0, 12), max_size=30), st.integers(1, 40))
def test_every_token_once_within_the_bound(lengths: list[int], bound: int) -> None:
    sequences = [sequence(length, 100 * i) for i, length in enumerate(lengths)]
    seen = []
    for batch in length_sorted_batches(sequences, bound, PAD):
        rows, width = batch.ids.shape
        assert rows == 1 or rows * width <= bound
        assert (batch.ids[batch.mask == 0] == PAD).all()
        assert batch.special[batch.mask == 0].all()
        for row, index in enumerate(batch.index):
            own = batch.mask[row].astype(bool)
            assert own.sum() == lengths[index]
            np.testing.assert_array_equal(batch.ids[row, own], sequences[index].ids)
            np.testing.assert_array_equal(batch.special[row, own], sequences[index].special)
            np.testing.assert_array_equal(batch.segments[row, own], sequences[index].segments)
        seen += batch.index.tolist()
    assert sorted(seen) == [i for i, length in enumerate(lengths) if length]
    assert [lengths[i] for i in seen] == sorted((n for n in lengths if n), reverse=True)


def test_equal_lengths_keep_their_order() -> None:
    batches = list(length_sorted_batches([sequence(3) for _ in range(5)], 6, PAD))
    assert [batch.index.tolist() for batch in batches] == [[0, 1], [2, 3], [4]]
    assert batches[0].ids.dtype == batches[0].mask.dtype == batches[0].index.dtype == np.int64


def test_pad_keeps_the_order_given() -> None:
    batch = pad([sequence(1), sequence(3)], PAD)
    np.testing.assert_array_equal(batch.ids, [[0, PAD, PAD], [0, 1, 2]])
    np.testing.assert_array_equal(batch.index, [0, 1])


def test_no_room_for_a_token() -> None:
    with pytest.raises(SpecError, match="batches of 0 tokens"):
        list(length_sorted_batches([sequence(1)], 0, PAD))
