"""The Marchenko–Pastur law: the spectrum of a random matrix, and where its bulk ends.

For an n×d matrix of independent entries of variance s², the eigenvalues σ²/(s²·max(n, d)) follow it
with ratio y = min(n, d)/max(n, d), between (1 − √y)² and (1 + √y)².
"""

from __future__ import annotations

import math
from functools import cache
from typing import NamedTuple

import numpy as np

from lmgeo.core.arrays import Float64, ndarray
from lmgeo.core.errors import NotEnoughData

_HALVINGS = 60  # of an interval shorter than 4: to the last digit


class Bulk(NamedTuple):
    """A spectrum's random part.

    Attributes:
        edge: the greatest eigenvalue that a random matrix of that bulk would have.
        variance: of its entries.
        above: how many eigenvalues lie above the edge.
        distance: greatest |fitted − empirical| distribution function, over the whole spectrum.
    """

    edge: float
    variance: float
    above: int
    distance: float


def distribution(x: Float64[ndarray, " k"], ratio: float) -> Float64[ndarray, " k"]:
    """The law's distribution function for 0 < `ratio` ≤ 1 and entries of variance 1/max(n, d).

    Source: the antiderivative of √((b − x)(x − a))/x, with a and b the ends of the law.
    """
    root = math.sqrt(ratio)
    low, high = (1 - root) ** 2, (1 + root) ** 2
    inside = np.clip(x, max(low, np.finfo(np.float64).tiny), high)
    arc = np.sqrt(np.maximum((high - inside) * (inside - low), 0.0))
    first = np.arcsin(np.clip((inside - 1 - ratio) / (2 * root), -1, 1))
    second = np.arcsin(np.clip(((1 + ratio) - (1 - ratio) ** 2 / inside) / (2 * root), -1, 1))
    return (arc + (1 + ratio) * first - (1 - ratio) * second + math.pi * ratio) / (2 * math.pi * ratio)


@cache
def median(ratio: float) -> float:
    """The value that half of the law lies below, by bisection."""
    low, high = (1 - math.sqrt(ratio)) ** 2, (1 + math.sqrt(ratio)) ** 2
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        below = distribution(np.array([middle]), ratio)[0] < 0.5
        low, high = (middle, high) if below else (low, middle)
    return (low + high) / 2


def fit_bulk(values: Float64[ndarray, " r"], n: int, d: int) -> Bulk:
    """The law whose median is the spectrum's.

    Up to half of the spectrum can be anything without moving it far, and it has no bandwidth,
    grid or starting point to depend on.

    Args:
        values: σ² of an n×d matrix, all min(n, d) of them, in any order.

    Raises:
        NotEnoughData: half of the spectrum is zero.
    """
    ratio = min(n, d) / max(n, d)
    scale = float(np.median(values)) / median(ratio)
    if scale == 0.0:
        raise NotEnoughData("half of the eigenvalues are zero: no bulk", "give a matrix of a greater rank")
    edge = scale * (1 + math.sqrt(ratio)) ** 2
    ascending = np.sort(values)
    below = np.arange(len(values)) / len(values)
    gap = distribution(ascending / scale, ratio) - below
    distance = float(max(gap.max(), (1 / len(values) - gap).max()))
    return Bulk(edge, scale / max(n, d), int(np.count_nonzero(values > edge)), distance)
