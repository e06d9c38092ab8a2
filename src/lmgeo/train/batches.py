"""Training batches: sequences of like length together, in a seeded order."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from lmgeo.core.arrays import Bool, Int, ndarray
from lmgeo.core.tokens import TokenSequence

POOL_BATCHES = 32  # sentences are sorted by length within pools of this many batches
# oneDNN keeps compiled kernels for every shape it meets, gigabytes of them in a long run: few widths, few kernels
WIDTH_STEP = 4


def bucketed_batches(
    lengths: Int[ndarray, " n"], batch_size: int, random: np.random.Generator, keep_rest: bool
) -> list[Int[ndarray, " b"]]:
    """One epoch's batches as index arrays, in random order.

    The data is shuffled, cut into pools of 32 batches, and sorted by length within a pool, so that a
    batch holds little padding while its members still change from epoch to epoch.

    Args:
        lengths: tokens of every sequence.
        batch_size: sequences a batch; fewer where there are fewer sequences.
        random: the stream of the data order.
        keep_rest: whether a last, smaller batch is kept.
    """
    size = min(batch_size, len(lengths))
    order = random.permutation(len(lengths))
    if not keep_rest:
        order = order[: len(order) // size * size]
    batches: list[ndarray] = []
    for pool in _cut(order, POOL_BATCHES * size):
        by_length = pool[np.argsort(lengths[pool], kind="stable")]
        batches += _cut(by_length, size)
    return [batches[i] for i in random.permutation(len(batches))]


def pad(sequences: Sequence[ndarray], fill: int, most: int) -> tuple[Int[ndarray, "b t"], Bool[ndarray, "b t"]]:
    """Sequences side by side, padded on the right, and which entries are real.

    Args:
        sequences: token ids, or anything else a token has.
        fill: what to pad with.
        most: the width never exceeds it; below, it is the longest sequence's, up to a multiple of four.
    """
    lengths = np.array([len(s) for s in sequences])
    width = max(lengths.max(), min(round_up(int(lengths.max()), WIDTH_STEP), most))
    real = np.arange(width)[None, :] < lengths[:, None]  # (B, T)
    ids = np.full(real.shape, fill, np.int64)
    ids[real] = np.concatenate(sequences)
    return ids, real


@dataclass(frozen=True)
class TokenRows:
    """Tokenized examples, to be taken batch by batch."""

    sequences: Sequence[TokenSequence]
    pad_id: int

    @cached_property
    def lengths(self) -> Int[ndarray, " n"]:
        """Tokens of each."""
        return np.array([len(s) for s in self.sequences])

    def batch(self, rows: Int[ndarray, " b"]) -> tuple[Int[ndarray, "b t"], Int[ndarray, "b t"], Int[ndarray, "b t"]]:
        """Ids, attention mask and segments of some rows, padded."""
        chosen, most = [self.sequences[i] for i in rows], int(self.lengths.max())
        ids, real = pad([s.ids for s in chosen], self.pad_id, most)
        segments, _ = pad([s.segments for s in chosen], 0, most)
        return ids, real.astype(np.int64), segments


def round_up(count: int, step: int) -> int:
    """The least multiple of `step` that is not below `count`."""
    return -(-count // step) * step


def _cut(order: ndarray, size: int) -> list[ndarray]:
    return [order[i : i + size] for i in range(0, len(order), size)]
