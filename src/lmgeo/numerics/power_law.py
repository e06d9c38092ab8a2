"""The power law that fits the upper tail of a sample best, its threshold chosen from the data.

Above a threshold the density is taken as proportional to x^(−α). For a given threshold α has a
closed form; the threshold is the value whose tail the fitted law describes best, by the greatest
distance between the two distribution functions.

Source: Clauset, Shalizi & Newman 2009, "Power-law distributions in empirical data".
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from lmgeo.core.arrays import Float64, Int, ndarray
from lmgeo.core.errors import NotEnoughData

_BLOCK_VALUES = 32_000  # 256 kB: a block of distances stays in the processor's cache


class PowerLaw(NamedTuple):
    """A fitted tail.

    Attributes:
        alpha: the exponent, above 1.
        sigma: its standard error, (α − 1)/√tail.
        xmin: the least value of the tail.
        xmax: the greatest value.
        distance: greatest |fitted − empirical| distribution function over the tail.
        tail: how many values are at or above `xmin`.
    """

    alpha: float
    sigma: float
    xmin: float
    xmax: float
    distance: float
    tail: int


def fit_power_law(values: Float64[ndarray, " k"]) -> PowerLaw:
    """The maximum-likelihood power law of the tail that it describes best.

    Every distinct value but the greatest is tried as the threshold, exactly; equal distances go
    to the longer tail. The empirical distribution function is taken just below each value,
    (i − 1)/n, as the authors' own code and its descendants have it.

    Args:
        values: positive, in any order.

    Raises:
        NotEnoughData: fewer than two distinct values.
    """
    logs = np.log(np.sort(values))
    starts = np.flatnonzero(np.diff(logs, prepend=-np.inf) > 0)[:-1]
    if not len(starts):
        raise NotEnoughData(f"{len(values)} value(s), all equal: no tail", "give values that differ")
    tails = len(logs) - starts
    # summed from the greatest on, so that the sums of short tails keep their digits
    sums = np.cumsum((logs - logs[-1])[::-1])[::-1][starts]
    exponents = 1.0 + tails / (sums - tails * (logs[starts] - logs[-1]))
    distances = np.concatenate([*_distances(logs, starts, exponents)])
    best = int(np.argmin(distances))
    alpha, tail = float(exponents[best]), int(tails[best])
    return PowerLaw(
        alpha=alpha,
        sigma=(alpha - 1.0) / tail**0.5,
        xmin=float(np.exp(logs[starts[best]])),
        xmax=float(np.exp(logs[-1])),
        distance=float(distances[best]),
        tail=tail,
    )


def _distances(
    logs: Float64[ndarray, " k"], starts: Int[ndarray, " c"], exponents: Float64[ndarray, " c"]
) -> Iterator[Float64[ndarray, " b"]]:
    """The distance of each candidate's tail from its law, a block of candidates at a time."""
    done = 0
    while done < len(starts):
        first = starts[done]  # no tail of this block reaches below its first candidate
        count = max(1, _BLOCK_VALUES // (len(logs) - first))
        block = slice(done, done + count)
        yield _block_distances(logs[first:], starts[block] - first, exponents[block])
        done += count


def _block_distances(
    logs: Float64[ndarray, " k"], starts: Int[ndarray, " b"], exponents: Float64[ndarray, " b"]
) -> Float64[ndarray, " b"]:
    left = np.arange(len(logs), 0, -1)  # values at or above each
    gaps = logs - logs[starts, None]  # (b, k)
    gaps *= 1.0 - exponents[:, None]
    # below the tail both are held at 1, and differ by nothing
    fitted = np.exp(np.minimum(gaps, 0.0, out=gaps), out=gaps)
    fitted -= np.minimum(left / left[starts, None], 1.0)
    return np.abs(fitted, out=fitted).max(axis=1)
