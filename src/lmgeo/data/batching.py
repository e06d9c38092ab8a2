"""Padded batches of token sequences, sorted by length so that little is padding."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from lmgeo.core.arrays import Bool, Int, ndarray
from lmgeo.core.errors import SpecError

if TYPE_CHECKING:
    from lmgeo.core.tokens import TokenSequence


@dataclass(frozen=True)
class Batch:
    """Some sequences side by side, padded on the right.

    Attributes:
        ids: token ids; `pad_id` where there is padding.
        mask: 1 for a token, 0 for padding.
        special: True for special tokens and for padding.
        segments: 0 or 1, which text of a pair a token belongs to.
        index: each row's index in the list that was batched.
    """

    ids: Int[ndarray, "b t"]
    mask: Int[ndarray, "b t"]
    special: Bool[ndarray, "b t"]
    segments: Int[ndarray, "b t"]
    index: Int[ndarray, " b"]


def length_sorted_batches(sequences: Sequence[TokenSequence], tokens_per_batch: int, pad_id: int) -> Iterator[Batch]:
    """Batches of at most `tokens_per_batch` tokens, padding counted; the longest sequences come first.

    A sequence longer than that is a batch of its own; one without any token is in no
    batch. The order depends on the sequences' lengths alone, so equal input gives equal batches.

    Raises:
        SpecError: `tokens_per_batch` below one.
    """
    if tokens_per_batch < 1:
        raise SpecError(f"batches of {tokens_per_batch} tokens", "give 1 or more tokens a batch")
    lengths = np.array([len(sequence.ids) for sequence in sequences], dtype=np.int64)
    order = np.argsort(-lengths, kind="stable")
    order = order[lengths[order] > 0]
    start = 0
    while start < len(order):
        # the first of the rest is the longest, so it sets the width
        rows = max(1, tokens_per_batch // int(lengths[order[start]]))
        index = order[start : start + rows]
        yield _pad([sequences[i] for i in index], index, pad_id)
        start += rows


def pad(sequences: Sequence[TokenSequence], pad_id: int) -> Batch:
    """All of `sequences`, in their order, as one batch."""
    return _pad(sequences, np.arange(len(sequences)), pad_id)


def _pad(sequences: Sequence[TokenSequence], index: ndarray, pad_id: int) -> Batch:
    width = max((len(sequence.ids) for sequence in sequences), default=0)
    shape = (len(sequences), width)
    batch = Batch(
        ids=np.full(shape, pad_id, dtype=np.int64),
        mask=np.zeros(shape, dtype=np.int64),
        special=np.ones(shape, dtype=bool),
        segments=np.zeros(shape, dtype=np.int64),
        index=index.astype(np.int64),
    )
    for row, sequence in enumerate(sequences):
        stop = len(sequence.ids)
        batch.ids[row, :stop] = sequence.ids
        batch.mask[row, :stop] = 1
        batch.special[row, :stop] = sequence.special
        batch.segments[row, :stop] = sequence.segments
    return batch
