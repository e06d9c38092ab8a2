"""Training batches: sequences of like length together, in a seeded order."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from lmgeo.core.arrays import Bool, Int, ndarray

POOL_BATCHES = 32  # sentences are sorted by length within pools of this many batches


def bucketed_batches(
    lengths: Sequence[int], batch_size: int, random: np.random.Generator, keep_rest: bool
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
    known = np.asarray(lengths)
    batches: list[ndarray] = []
    for pool in _cut(order, POOL_BATCHES * size):
        by_length = pool[np.argsort(known[pool], kind="stable")]
        batches += _cut(by_length, size)
    return [batches[i] for i in random.permutation(len(batches))]


def pad(sequences: Sequence[ndarray], fill: int) -> tuple[Int[ndarray, "b t"], Bool[ndarray, "b t"]]:
    """Sequences side by side, padded on the right to the longest, and which entries are real."""
    lengths = np.array([len(s) for s in sequences])
    real = np.arange(lengths.max())[None, :] < lengths[:, None]  # (B, T)
    ids = np.full(real.shape, fill, np.int64)
    ids[real] = np.concatenate(sequences)
    return ids, real


def _cut(order: ndarray, size: int) -> list[ndarray]:
    return [order[i : i + size] for i in range(0, len(order), size)]
