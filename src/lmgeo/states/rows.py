"""The rows themselves, or a seeded sample of them where they do not fit."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, final

import numpy as np
from jaxtyping import UInt64

from lmgeo.core.arrays import Float, Int, Shaped, ndarray
from lmgeo.core.errors import SpecError
from lmgeo.numerics.conversion import as_floats
from lmgeo.numerics.hashing import hash_pairs
from lmgeo.states.batch import RowBatch
from lmgeo.states.groups import GROUPS
from lmgeo.states.replicates import Replicates
from lmgeo.states.state import check_alike, check_batch

CAPACITY = 262_144
LEAST_ROWS_OF_A_GROUP = 10  # for the spread: of fewer rows, values are alike for want of room to differ
MOST_ROWS_OF_A_GROUP = 2_048
_NO_LIMIT = np.uint64(2**64 - 1)


@final
class Rows:
    """A bottom-k reservoir: the `capacity` rows with the smallest hash of (seed, sequence, position).

    What is kept depends on the rows alone, never on the order or the pieces they came in, so
    merging is exact. Rows keep the type they came in (float32 or float64). At most a quarter
    more than `capacity` rows are held between two settlings.

    Args:
        d: columns.
        capacity: most rows kept; all are, where they fit.
        seed: of the sample.
    """

    def __init__(self, d: int, capacity: int = CAPACITY, seed: int = 0) -> None:
        if capacity < 1:
            raise SpecError(f"a reservoir of capacity {capacity}", "give room for at least 1 row")
        self._d = d
        self.capacity = capacity
        self.seed = seed
        self.seen = 0
        self._chunks: list[RowBatch] = []
        self._held = 0  # rows in all chunks
        self._limit = _NO_LIMIT  # a row whose hash is above it cannot be among the smallest

    @classmethod
    def empty(cls, d: int, *, capacity: int = CAPACITY, seed: int = 0) -> Rows:
        """No rows of d columns."""
        return Rows(d, capacity, seed)

    @classmethod
    def of_cloud(cls, rows: Shaped[ndarray, "n d"], *, capacity: int = CAPACITY, seed: int = 0) -> Rows:
        """The rows of a cloud in hand.

        One of floats is not copied where all of it is kept: it must not change meanwhile.
        """
        state = Rows(rows.shape[1], capacity, seed)
        if len(rows) > capacity:
            for batch in RowBatch.chunks_of_cloud(rows):
                state.update(batch)
        else:
            state.seen = len(rows)
            state._append(RowBatch.of_cloud(as_floats(rows)))
        return state

    @property
    def n(self) -> int:
        """Rows kept; `seen` is how many were taken in."""
        return min(self.seen, self.capacity)

    @property
    def d(self) -> int:
        """Columns."""
        return self._d

    @property
    def settings(self) -> dict[str, Any]:
        """What two must share to be merged."""
        return {"d": self.d, "capacity": self.capacity, "seed": self.seed}

    def update(self, batch: RowBatch) -> None:
        """Take rows in; those that cannot be kept are never copied."""
        check_batch(self, batch)
        self.seen += len(batch)
        if len(batch) == 0:
            return
        possible = self._hashes(batch) <= self._limit
        self._append(batch.take(possible))  # a mask copies, so the input is not aliased
        if self._held > self.capacity + self.capacity // 4:
            self._settle()

    def merge(self, other: Rows) -> Rows:
        """The sample of both clouds together."""
        check_alike(self, other)
        both = Rows(self.d, self.capacity, self.seed)
        both.seen = self.seen + other.seen
        for chunk in (*self._chunks, *other._chunks):
            both._append(chunk.take(np.ones(len(chunk), bool)))
        both._limit = min(self._limit, other._limit)
        return both

    def matrix(self) -> Float[ndarray, "n d"]:
        """The kept rows in order of (sequence, position), read-only; good until the next update."""
        rows = self._settle().rows.view()
        rows.flags.writeable = False
        return rows

    def sample(self, most: int) -> Rows:
        """At most `most` of the rows, by the same hashes: a smaller sample is part of a greater one."""
        part = Rows(self.d, most, self.seed)
        part._append(self._settle())
        part.seen = self.n
        return part

    def replicates(self) -> Replicates | None:
        """Disjoint samples of a few rows, each of its own group of sequences."""
        kept = self._settle()
        groups = [np.flatnonzero(kept.sequence % GROUPS == g) for g in range(GROUPS)]
        least = min(min(map(len, groups)), MOST_ROWS_OF_A_GROUP)
        if least < LEAST_ROWS_OF_A_GROUP:
            return None
        states = []
        for chosen in groups:
            part = Rows(self.d, least, self.seed)
            part.update(kept.take(chosen))
            states.append(part)
        return Replicates.subsamples(states, least, self.n)

    def kept(self) -> RowBatch:
        """Copies of the kept rows in order, with where each comes from."""
        settled = self._settle()
        return settled.take(np.ones(len(settled), bool))

    def to_arrays(self) -> dict[str, ndarray]:
        """Copies of everything it holds."""
        kept = self.kept()
        scalars = {"d": self.d, "capacity": self.capacity, "seed": self.seed, "seen": self.seen}
        arrays = {name: getattr(kept, name) for name in ("rows", "sequence", "position", "special")}
        return {**arrays, **{name: np.array(value) for name, value in scalars.items()}}

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, ndarray]) -> Rows:
        """The inverse of `to_arrays`."""
        state = Rows(*(int(arrays[name]) for name in ("d", "capacity", "seed")))
        fields = (arrays[name].copy() for name in ("rows", "sequence", "position", "special"))
        state.update(RowBatch(*fields))
        state.seen = int(arrays["seen"])
        return state

    def _append(self, chunk: RowBatch) -> None:
        self._chunks.append(chunk)
        self._held += len(chunk)

    def _hashes(self, batch: RowBatch) -> UInt64[ndarray, " n"]:
        return hash_pairs(self.seed, batch.sequence, batch.position)

    def _settle(self) -> RowBatch:
        """Leave at most `capacity` rows, in order, in one chunk."""
        if len(self._chunks) != 1 or len(self._chunks[0]) > self.capacity or not _in_order(self._chunks[0]):
            order = self._chosen()
            self._chunks, self._held = [_gather(self._chunks, order, self.d)], len(order)
        settled = self._chunks[0]
        if len(settled) == self.capacity:
            self._limit = self._hashes(settled).max()
        return settled

    def _chosen(self) -> Int[ndarray, " k"]:
        """Which rows stay, as indices into all chunks end to end, in order of their names."""
        if not self._chunks:
            return np.zeros(0, np.int64)
        sequence = np.concatenate([chunk.sequence for chunk in self._chunks])
        position = np.concatenate([chunk.position for chunk in self._chunks])
        order = np.lexsort((position, sequence))
        if len(order) <= self.capacity:
            return order
        hashes = hash_pairs(self.seed, sequence[order], position[order])
        # stable: rows of one name and one hash are told apart by their order
        return order[np.sort(np.argsort(hashes, kind="stable")[: self.capacity])]


def _in_order(batch: RowBatch) -> bool:
    step = np.diff(batch.sequence)
    return bool(np.all((step > 0) | ((step == 0) & (np.diff(batch.position) >= 0))))


def _gather(chunks: list[RowBatch], order: Int[ndarray, " k"], d: int) -> RowBatch:
    """The rows `order` names, in that order; `chunks` is emptied on the way to spare memory."""
    dtype = np.result_type(*{chunk.rows.dtype for chunk in chunks}) if chunks else np.dtype(np.float32)
    k = len(order)
    out = RowBatch(np.empty((k, d), dtype), np.empty(k, np.int64), np.empty(k, np.int64), np.empty(k, np.bool_))
    place = np.full(sum(map(len, chunks)), -1)
    place[order] = np.arange(k)
    start = 0
    while chunks:
        chunk = chunks.pop(0)
        target = place[start : start + len(chunk)]
        start += len(chunk)
        for name in ("rows", "sequence", "position", "special"):
            getattr(out, name)[target[target >= 0]] = getattr(chunk, name)[target >= 0]
    return out
