"""Bootstrap by counts: a resample is how often each cluster was drawn, so sums become products.

Whole clusters are drawn, and their counts spread to their rows; the clusters of unrelated models are
single rows. Rows then number differently in each resample, so a mean divides by its own total.
Drawing the (n, b) matrix of counts once for all measures with the same rows keeps sixty measures on
ten thousand rows to seconds.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from lmgeo.analysis.clusters import Clusters
from lmgeo.core.arrays import Float, Int, ndarray
from lmgeo.core.seeds import numpy_stream

LEVEL = 95.0  # percent
_TAIL = (100.0 - LEVEL) / 2.0
_RESAMPLES = 2000
_RESAMPLES_OF_MANY_ROWS = 1000  # from 2,000 rows on, where intervals are narrow and draws dear
_MANY_ROWS = 2000
_CHUNK_CELLS = 150_000  # about 1 MB an array: stays in the cache


def resample_counts(count: int, seed: int, rows: int | None = None) -> Iterator[Float[ndarray, "c b"]]:
    """How often each of `count` clusters is drawn in each resample, in chunks of resamples.

    The stream depends on `seed` and the numbers of clusters and rows alone: a measure's interval is
    the same whatever other measures are asked for.

    Args:
        count: the clusters; rows, where every row stands for itself.
        seed: the user's.
        rows: how many rows the counts will be spread to, which bounds a chunk's size; None: as many as clusters.
    """
    n = count if rows is None else rows
    random = numpy_stream(seed, "analysis", "bootstrap", str(count))
    resamples = _RESAMPLES if n < _MANY_ROWS else _RESAMPLES_OF_MANY_ROWS
    step = max(1, min(resamples, _CHUNK_CELLS // n))
    for start in range(0, resamples, step):
        b = min(step, resamples - start)
        cells = random.integers(0, count, size=(count, b)) * b + np.arange(b)
        yield np.bincount(cells.ravel(), minlength=count * b).reshape(count, b).astype(np.float64)


def row_counts(clusters: Clusters, seed: int) -> Iterator[Float[ndarray, "n b"]]:
    """How often each row is drawn in each resample of whole clusters, in chunks of resamples."""
    for counts in resample_counts(clusters.count, seed, len(clusters.labels)):
        yield counts if clusters.by == "row" else counts[clusters.labels]


@dataclass(frozen=True)
class Ranked:
    """A column sorted once, to be ranked under any counts.

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

    def runs(self, weights: Float[ndarray, "n b"]) -> Float[ndarray, "g b"]:
        """Sums of `weights` over each run of equal values, in ascending order of value."""
        ordered = weights[self.order]
        return ordered if len(self.starts) == len(self.order) else np.add.reduceat(ordered, self.starts, axis=0)

    def ranks(self, counts: Float[ndarray, "n b"]) -> Float[ndarray, "n b"]:
        """Centred mid-ranks of the rows under each column of counts, over its total (in -1/2 … 1/2)."""
        weight = self.runs(counts)
        return ((np.cumsum(weight, axis=0) - weight / 2.0) / counts.sum(axis=0) - 0.5)[self.run]

    def mid_ranks(self) -> Float[ndarray, " n"]:
        """Centred mid-ranks of the rows, each counted once, over n."""
        return self.ranks(np.ones((len(self.order), 1)))[:, 0]

    def pull(self, weights: Float[ndarray, " n"]) -> Float[ndarray, " n"]:
        """Derivative of the sum of `weights` times ranks by how often each row counts.

        One more row of some value lifts the ranks of all rows above it, and those of its equals by half.
        """
        weight = self.runs(weights[:, None])[:, 0]
        lifted = (weight.sum() - np.cumsum(weight) + weight / 2.0)[self.run] / len(weights)
        return lifted - lifted.mean()


def percentile_interval(draws: Float[ndarray, " b"], tail: float = _TAIL) -> list[float] | None:
    """The resampled estimates between `tail` percent on either side; None where most resamples gave none."""
    found = draws[np.isfinite(draws)]
    if len(found) * 2 <= len(draws):
        return None
    low, high = np.percentile(found, [tail, 100.0 - tail])
    return [float(low), float(high)]


def cluster_interval(draws: Float[ndarray, " b"], clusters: Clusters) -> list[float] | None:
    """The 95 % percentile interval of estimates over resampled clusters, as much wider as t is than normal.

    A resample of few clusters varies less than the sample did, by √((c − 1)/c), and knows nothing of the
    uncertainty of its own spread; percentiles further out make up for both, at no cost where clusters are many.

    Returns:
        The interval; None for too few clusters, or where most resamples gave no estimate.

    Source: Hesterberg 2015, the expanded percentile interval, with the effective number of clusters.
    """
    if clusters.too_few_to_draw:
        return None
    from scipy.special import ndtr, stdtrit

    degrees = max(1.0, clusters.effective - 1.0)
    reach = stdtrit(degrees, 1.0 - _TAIL / 100.0) * np.sqrt(clusters.effective / degrees)
    return percentile_interval(draws, 100.0 * float(ndtr(-reach)))
