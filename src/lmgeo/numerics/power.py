"""Power of the partial Spearman test: how small a relation so many models can show.

Of normal variables the controls take one dimension each: what they leave of n points is distributed as n − k points
are. So the test of n models with k controls is simulated as one of n − k without controls. That is the best case:
ranks remove the controls' part of a relation less than wholly where the controls are strong.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache

import numpy as np

from lmgeo.core.arrays import Float, ndarray
from lmgeo.core.seeds import numpy_stream

LEVEL = 0.05  # two-sided
GOAL = 0.8
LEAST_LEFT = 5  # n − k: of fewer, ranks take so few values that the test says nothing
_SIMULATED = 120  # n − k up to which the test is simulated; beyond, the normal approximation is as good
_STUDIES = 4000  # simulated of each size: a power is known to 0.008
_MOST_LEFT = 10**6


def power(true: float, n: int, controls: int = 0) -> float | None:
    """The chance that the partial Spearman test of n models is significant at 5 %, two-sided.

    Args:
        true: partial correlation of the (normal) variables themselves, in -1 … 1.
        n: independent models.
        controls: columns held fixed.

    Returns:
        In 0 … 1; None where n − controls is below `LEAST_LEFT`.
    """
    left = n - controls
    return _power(abs(true), left) if left >= LEAST_LEFT else None


def detectable(n: int, controls: int = 0) -> float | None:
    """The smallest true partial correlation (in hundredths) that n models show with 80 % power; None: none does."""
    left = n - controls
    if left < LEAST_LEFT or _power(0.99, left) < GOAL:
        return None
    return _first(lambda hundredths: _power(hundredths / 100, left) >= GOAL, 1, 99) / 100


def needed(true: float, controls: int = 0) -> int | None:
    """The smallest number of models that show a true partial correlation with a power of 80 %; None: above a million.

    Up to a hundred or so models it is simulated, and sure to one in fifty.
    """
    if _power(abs(true), _MOST_LEFT) < GOAL:
        return None
    return _first(lambda left: _power(abs(true), left) >= GOAL, LEAST_LEFT, _MOST_LEFT) + controls


def _first(holds: Callable[[int], bool], low: int, high: int) -> int:
    """The smallest whole number in low … high for which `holds`, which it does from there on and at `high`."""
    while low < high:
        middle = int((low * high) ** 0.5) if low * 4 < high else (low + high) // 2
        low, high = (low, middle) if holds(middle) else (middle + 1, high)
    return low


@lru_cache(maxsize=4096)
def _power(true: float, left: int) -> float:
    return _simulated(true, left) if left <= _SIMULATED else _approximated(true, left)


def _simulated(true: float, left: int) -> float:
    """The share of simulated studies of so many points whose rank correlation passes the t test."""
    from scipy.special import stdtrit

    x, noise = _draws(left)
    order = np.argsort(true * x + np.sqrt(1.0 - true**2) * noise, axis=1)
    ranks = np.arange(left) - (left - 1) / 2.0
    # x ascends, so the points in order of y carry the ranks of x
    r = (order - (left - 1) / 2.0) @ ranks / (ranks @ ranks)
    t = float(stdtrit(left - 2, 1.0 - LEVEL / 2.0))
    return float(np.mean(np.abs(r) >= t / np.sqrt(left - 2 + t * t)))


@lru_cache(maxsize=2)
def _draws(left: int) -> tuple[Float[ndarray, "s m"], Float[ndarray, "s m"]]:
    """Simulated studies: one variable in ascending order, and what the other has of its own."""
    random = numpy_stream(0, "analysis", "power", str(left))
    return np.sort(random.normal(size=(_STUDIES, left)), axis=1), random.normal(size=(_STUDIES, left))


def _approximated(true: float, left: int) -> float:
    """By Fisher's z of the rank correlation, with its variance after Bonett & Wright 2000."""
    from scipy.special import ndtr, ndtri

    spearman = 6.0 / np.pi * np.arcsin(min(true, 1.0) / 2.0)
    z = np.arctanh(min(spearman, 1.0 - 1e-12)) * np.sqrt((left - 3) / (1.0 + spearman**2 / 2.0))
    bound = float(ndtri(1.0 - LEVEL / 2.0))
    return float(ndtr(z - bound) + ndtr(-z - bound))
