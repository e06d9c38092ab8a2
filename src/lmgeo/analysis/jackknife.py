"""From how much each row moves a rank correlation to an interval and a p over clusters.

An estimate from independent clusters varies as the sum over clusters of squared influences says (the
infinitesimal jackknife). Influences of ranks are bounded, so nothing need be drawn: the interval repeats
exactly, costs a sort, and holds its level from ten rows or five clusters on (`benchmarks/coverage.py`).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from lmgeo.analysis.bootstrap import LEVEL
from lmgeo.analysis.clusters import Clusters
from lmgeo.core.arrays import Float, ndarray

_TAIL = (1.0 - LEVEL / 100.0) / 2.0


@dataclass(frozen=True)
class Spread:
    """How far a correlation may be off, on the scale of Fisher's z.

    Attributes:
        error: standard error of z.
        degrees: of freedom of its t.
    """

    error: float
    degrees: float


def spread(r: float, influence: Float[ndarray, " n"], clusters: Clusters, used: int = 0) -> Spread | None:
    """The standard error of a correlation over clusters, and its degrees of freedom.

    Each cluster's influence is taken as if the cluster had been left out (over 1 − its share of the rows),
    and clusters of unlike size count as fewer of equal size.

    Args:
        r: the correlation.
        influence: of each row, n times the derivative of r by the row's weight.
        clusters: the rows that stand or fall together.
        used: parameters held fixed that vary over clusters, such as the rank of the controls.

    Returns:
        None where there are too few clusters.

    Source: Jaeckel 1972 (infinitesimal jackknife); Bell & McCaffrey 2002 (left-out clusters); Carter,
        Schnepel & Steigerwald 2017 (effective number).
    """
    if clusters.too_few or clusters.count - 1 - used < 1:
        return None
    degrees = max(1.0, clusters.effective - 1.0 - used)
    sums = np.bincount(clusters.labels, weights=influence) / (1.0 - clusters.sizes / len(influence))
    scale = np.sqrt(max(1.0, clusters.effective - 1.0) / degrees) / len(influence)
    error = float(np.sqrt(np.sum(sums**2)) * scale)
    if error <= 1e-9:  # a perfect order: nothing varies, which is no proof that nothing could
        return Spread(1.0 / np.sqrt(max(1.0, clusters.effective - 3.0 - used)), degrees)
    return Spread(error / max(1.0 - r * r, 1e-12), degrees)


def interval(r: float, n: int, found: Spread | None) -> list[float] | None:
    """The 95 % interval of a correlation, by t around Fisher's z; it holds r and stays in [-1, 1].

    Args:
        r: the correlation.
        n: rows; a perfect correlation is set off from 1 by 1/n² before it is transformed.
        found: its spread, or None.

    Source: Fisher 1921.
    """
    if found is None:
        return None
    from scipy.special import stdtrit

    reach = float(stdtrit(found.degrees, 1.0 - _TAIL)) * found.error
    low, high = np.tanh(_z(r, n) - reach), np.tanh(_z(r, n) + reach)
    return [min(float(low), float(r)), max(float(high), float(r))]


def p_by_clusters(r: float, n: int, found: Spread) -> float:
    """Two-sided p of no correlation, by t of Fisher's z over its standard error: the interval's own test."""
    from scipy.special import stdtr

    return float(2.0 * stdtr(found.degrees, -abs(_z(r, n)) / found.error))


def _z(r: float, n: int) -> float:
    """Fisher's z, finite for a perfect correlation too."""
    most = 1.0 - 1.0 / n**2
    return float(np.arctanh(np.clip(r, -most, most) if abs(r) > 1.0 - 1e-12 else r))
