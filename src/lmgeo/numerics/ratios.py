"""A ratio of sums over independent units, and how far chance moves it."""

from __future__ import annotations

import numpy as np

from lmgeo.core.arrays import Float, Int, ndarray


def ratio_standard_error(
    numerators: Float[ndarray, " n"], denominators: Int[ndarray, " n"], ratio: float | None = None
) -> float | None:
    """Standard error of Σx / Σm over n independent units: √(n/(n−1) · Σ(x − R·m)²) / Σm; None below two units.

    Units of unlike size count by their size, which a mean of the units' own ratios would miss (Cochran 1977,
    Sampling Techniques, section 6.3, without the correction for a finite population).

    Args:
        numerators: x of each unit.
        denominators: m of each unit, with a positive sum.
        ratio: R, where it is known already.
    """
    count = len(numerators)
    if count < 2:
        return None
    whole = float(denominators.sum())
    ratio = float(numerators.sum()) / whole if ratio is None else ratio
    rest = numerators - ratio * denominators
    return float(np.sqrt(count / (count - 1) * np.square(rest).sum())) / whole
