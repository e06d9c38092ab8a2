"""Bootstrap by counts: a resample is how often each row was drawn, so sums become products.

Every estimate here is a function of weighted sums over rows. Drawing the (n, b) matrix of
counts once for all measures with the same rows, and re-ranking under those counts instead of
gathering rows, keeps sixty measures on ten thousand rows to seconds.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from lmgeo.core.arrays import Float, Int, ndarray
from lmgeo.core.seeds import numpy_stream

LEVEL = 95.0  # percent
_RESAMPLES = 2000
_RESAMPLES_OF_MANY_ROWS = 1000  # from 2,000 rows on, where intervals are narrow and draws dear
_CHUNK_CELLS = 150_000  # about 1 MB an array: stays in the cache


def resample_counts(n: int, seed: int) -> Iterator[Float[ndarray, "n b"]]:
    """How often each of `n` rows is drawn in each resample, in chunks of resamples.

    The stream depends on `seed` and `n` alone: a measure's interval is the same whatever
    other measures are asked for.
    """
    random = numpy_stream(seed, "analysis", "bootstrap", str(n))
    resamples = _RESAMPLES if n < 2000 else _RESAMPLES_OF_MANY_ROWS
    step = max(1, min(resamples, _CHUNK_CELLS // n))
    for start in range(0, resamples, step):
        b = min(step, resamples - start)
        cells = random.integers(0, n, size=(n, b)) * b + np.arange(b)
        yield np.bincount(cells.ravel(), minlength=n * b).reshape(n, b).astype(np.float64)


@dataclass(frozen=True)
class Ranked:
    """A column sorted once, to be re-ranked under any counts.

    Attributes:
        order: the row of each place in the sorted column.
        starts: first place of each run of equal values.
        run: the run of each row.
    """

    order: Int[ndarray, " n"]
    starts: Int[ndarray, " g"]
    run: Int[ndarray, " n"]

    @classmethod
    def of(cls, values: Float[ndarray, " n"]) -> Ranked:
        """Sort a column without missing values."""
        order = np.argsort(values, kind="stable")
        ordered = values[order]
        new = np.concatenate(([True], ordered[1:] != ordered[:-1]))
        run = np.empty(len(values), dtype=np.int64)
        run[order] = np.cumsum(new) - 1
        return cls(order, np.flatnonzero(new), run)

    def runs(self, counts: Float[ndarray, "n b"]) -> Float[ndarray, "g b"]:
        """Sums of `counts` over each run of equal values, in ascending order of value."""
        ordered = counts[self.order]
        return ordered if len(self.starts) == len(self.order) else np.add.reduceat(ordered, self.starts, axis=0)

    def run_ranks(self, counts: Float[ndarray, "n b"]) -> tuple[Float[ndarray, "g b"], Float[ndarray, "g b"]]:
        """Centred mid-ranks of the runs in each resample, over n, and the runs' counts."""
        weight = self.runs(counts)
        n = len(self.order)
        ranks = (np.cumsum(weight, axis=0) - weight / 2.0 - n / 2.0) / n
        return ranks, weight

    def ranks(self, counts: Float[ndarray, "n b"]) -> Float[ndarray, "n b"]:
        """Centred mid-ranks of the rows in each resample, over n (in -1/2 … 1/2)."""
        return self.run_ranks(counts)[0][self.run]


def percentile_interval(draws: Float[ndarray, " b"]) -> list[float] | None:
    """The central 95 % of the resampled estimates; None where most resamples gave none."""
    found = draws[np.isfinite(draws)]
    if len(found) * 2 <= len(draws):
        return None
    tail = (100.0 - LEVEL) / 2.0
    low, high = np.percentile(found, [tail, 100.0 - tail])
    return [float(low), float(high)]
