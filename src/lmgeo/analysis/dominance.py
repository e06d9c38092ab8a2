"""Sums over the rows that lie below another in two orders at once, without looking at every pair."""

from __future__ import annotations

import numpy as np

from lmgeo.core.arrays import Float, Int, ndarray


def sums_below(places: Int[ndarray, " n"], weights: Float[ndarray, "w n"]) -> Float[ndarray, "w n"]:
    """For each row, the sums of `weights` over the earlier rows whose place is lower.

    Rows are split by the bits of their place, highest first, each half keeping its order: two rows part
    at one bit, and there the lower one is counted for the higher if it came first. Time n · log² n.

    Args:
        places: 0 … n − 1, each once.
        weights: one or more weights of each row.
    """
    n = len(places)
    found = np.zeros_like(weights)
    order = np.arange(n)
    for bit in reversed(range((n - 1).bit_length())):
        place = places[order]
        high = (place >> bit) & 1 == 1
        sums = np.zeros((len(weights), n + 1))
        np.cumsum(np.where(high, 0.0, weights[:, order]), axis=1, out=sums[:, 1:])
        at = np.flatnonzero(high)
        start = (place[at] >> (bit + 1)) << (bit + 1)  # a block holds consecutive places, and starts at its least
        found[:, order[at]] += sums[:, at] - sums[:, start]
        order = order[np.argsort(place >> bit, kind="stable")]
    return found
