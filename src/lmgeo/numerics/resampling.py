"""Seeded bootstrap over examples: index matrices, and percentile intervals of any statistic."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np

from lmgeo.core.arrays import Float, Int, ndarray
from lmgeo.core.errors import NotEnoughData
from lmgeo.core.seeds import numpy_stream

CHUNK_ELEMENTS = 2_000_000  # gathered at once: some 16 MB an array, whatever n is


def bootstrap_indices(n: int, resamples: int, seed: int) -> Int[ndarray, "b n"]:
    """Row indices of `resamples` samples of size n, drawn with replacement.

    The first k rows are the same for every `resamples` ≥ k.
    """
    _check(n)
    return np.concatenate(list(_index_chunks(n, resamples, seed)))


def percentile_interval(values: Float[ndarray, "*b r"], level: float = 0.95) -> Float[ndarray, 2 *b]:  # fmt: skip
    """The central `level` of the resampled values on the last axis: (low, high)."""
    tail = 100.0 * (1.0 - level) / 2.0
    return np.percentile(values, [tail, 100.0 - tail], axis=-1)


def bootstrap(
    statistic: Callable[..., ndarray], *arrays: ndarray, resamples: int = 1000, seed: int = 0
) -> Float[ndarray, " r"]:
    """A statistic over resampled examples; arrays are resampled together along their first axis.

    Args:
        statistic: takes the gathered arrays, each (chunk, n, …), and gives one value a row.
        arrays: (n, …) each.
        resamples: how many.
        seed: of the stream `bootstrap`.
    """
    n = len(arrays[0])
    _check(n)
    parts = [np.asarray(statistic(*(a[rows] for a in arrays))) for rows in _index_chunks(n, resamples, seed)]
    return np.concatenate(parts).astype(np.float64)


def bootstrap_interval(
    statistic: Callable[..., ndarray],
    *arrays: ndarray,
    resamples: int = 1000,
    seed: int = 0,
    level: float = 0.95,
) -> tuple[float, float]:
    """Percentile interval of `statistic` under `bootstrap`: (low, high)."""
    low, high = percentile_interval(bootstrap(statistic, *arrays, resamples=resamples, seed=seed), level)
    return float(low), float(high)


def _index_chunks(n: int, resamples: int, seed: int) -> Iterator[Int[ndarray, "b n"]]:
    random = numpy_stream(seed, "bootstrap")
    step = max(1, CHUNK_ELEMENTS // n)
    for start in range(0, resamples, step):
        yield random.integers(0, n, size=(min(step, resamples - start), n))


def _check(n: int) -> None:
    if n < 1:
        raise NotEnoughData("no examples to resample", "give at least one example")
