"""What is kept of a cloud's scores on each axis, with no more of them in memory than a block of axes."""

from __future__ import annotations

import dataclasses
import math
import threading
from dataclasses import dataclass

import numpy as np

from lmgeo.core.arrays import Float, Float64, Int, ndarray
from lmgeo.numerics.entropy import LEAST_ROWS, vasicek_entropy
from lmgeo.numerics.histograms import counts_of_sorted
from lmgeo.numerics.projection import sorted_scores
from lmgeo.numerics.threads import blas_threads, in_threads

_BLOCK_VALUES = 16_000_000  # 128 MB of scores at a time, over all threads
_FEW_VALUES = 262_144  # not worth a second thread

Ends = tuple[float, float]


@dataclass(frozen=True)
class AxisSummaries:
    """What is kept of each axis's scores.

    Attributes:
        entropies: Vasicek's, in nats; −∞ where spacings vanish, NaN for fewer than `LEAST_ROWS` rows.
        low: least score.
        high: greatest score, at least as far from 0 as the least: an axis points to its farthest row.
        counts: of the histogram from its own low to its own high.
        shared: of the histogram from the least low to the greatest high of all axes.
    """

    entropies: Float64[ndarray, " k"]
    low: Float64[ndarray, " k"]
    high: Float64[ndarray, " k"]
    counts: Int[ndarray, "k b"]
    shared: Int[ndarray, "k b"]

    @classmethod
    def of(
        cls,
        rows: Float[ndarray, "n d"],
        axes: Float64[ndarray, "d k"],
        mean: Float64[ndarray, " d"],
        least_spacing: float = 0.0,
    ) -> AxisSummaries:
        """Of all axes in one pass, and a second one for those whose range a later axis went beyond.

        Args:
            rows: the cloud.
            axes: columns, the one of the greatest variance first.
            mean: of the rows.
            least_spacing: see `vasicek_entropy`.
        """
        ends, parts = _Ends(), _blocks(len(rows), axes.shape[1])
        rooms = _Rooms(len(rows) * (parts[0].stop - parts[0].start))

        def first(part: slice) -> tuple[AxisSummaries, Ends]:
            scores = sorted_scores(rows, axes[:, part], mean, rooms.own)
            known = ends.with_these(float(scores[:, 0].min()), float(scores[:, -1].max()))
            return cls._of_scores(scores, least_spacing, known), known

        def again(part: slice) -> Int[ndarray, "k b"]:
            return _shared_counts(sorted_scores(rows, axes[:, part], mean, rooms.own), ends.known)

        found: list[tuple[AxisSummaries, Ends]] = in_threads(first, parts)
        summaries = [summary for summary, _ in found]
        stale = [i for i, (_, known) in enumerate(found) if known != ends.known]
        for i, counts in zip(stale, in_threads(again, [parts[i] for i in stale]), strict=True):
            summaries[i] = dataclasses.replace(summaries[i], shared=counts)
        names = [field.name for field in dataclasses.fields(cls)]
        return cls(**{name: np.concatenate([getattr(s, name) for s in summaries]) for name in names})

    @classmethod
    def _of_scores(cls, scores: Float64[ndarray, "k n"], least_spacing: float, ends: Ends) -> AxisSummaries:
        low, high = scores[:, 0].copy(), scores[:, -1].copy()
        enough = scores.shape[1] >= LEAST_ROWS
        return cls(
            entropies=vasicek_entropy(scores, least_spacing) if enough else np.full(len(scores), np.nan),
            low=low,
            high=high,
            counts=counts_of_sorted(scores, low, high),
            shared=_shared_counts(scores, ends),
        )


class _Rooms:
    """Memory for one block of scores, made once for each thread that asks."""

    def __init__(self, size: int) -> None:
        self._size, self._local = size, threading.local()

    @property
    def own(self) -> Float64[ndarray, " r"]:
        """This thread's."""
        if not hasattr(self._local, "room"):
            self._local.room = np.empty(self._size)
        return self._local.room


class _Ends:
    """The least and the greatest score seen so far, by any thread."""

    def __init__(self) -> None:
        self._lows, self._highs = [math.inf], [-math.inf]

    def with_these(self, low: float, high: float) -> Ends:
        self._lows.append(low)
        self._highs.append(high)
        return self.known

    @property
    def known(self) -> Ends:
        return min(self._lows), max(self._highs)


def _blocks(n: int, k: int) -> list[slice]:
    if n * k <= _FEW_VALUES:
        return [slice(0, k)]
    width = max(1, _BLOCK_VALUES // (n * blas_threads()))
    return [slice(start, min(start + width, k)) for start in range(0, k, width)]


def _shared_counts(scores: Float64[ndarray, "k n"], ends: Ends) -> Int[ndarray, "k b"]:
    low, high = (np.full(len(scores), end) for end in ends)
    return counts_of_sorted(scores, low, high)
