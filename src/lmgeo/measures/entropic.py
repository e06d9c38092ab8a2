"""Measures of how the rows scatter along each principal axis, total variance scaled to d."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from lmgeo.core.errors import NotEnoughData
from lmgeo.measures.declare import Valued, measure
from lmgeo.measures.spectral import read_spectrum
from lmgeo.numerics.entropy import LEAST_ROWS
from lmgeo.numerics.histograms import BINS, divergences_from_normal, relative_entropies
from lmgeo.states.axis_scores import AxisScores
from lmgeo.states.moments import Moments

_FURTHER = "higher = further from a standard normal"


@measure(
    state=AxisScores,
    unit="1",
    range=(0, None),
    keeps={"shift", "rotation", "scale"},
    direction=_FURTHER,
    cite="Marbut et al. 2023",
    formula="meanⱼ (1 − e^{hⱼ}/√(2πe))², hⱼ = Vasicek's entropy of axis j, m = ⌊√n + ½⌋",
)
def vrm(m: AxisScores) -> Valued:
    """Mean of (1 − r)² over principal axes, r = e^h/√(2πe) of Vasicek's entropy h, total variance scaled to d."""
    if m.n < LEAST_ROWS:
        raise NotEnoughData(f"{m.n} rows: spacings need {LEAST_ROWS}", f"give at least {LEAST_ROWS} rows")
    entropies = np.append(m.summaries.entropies, np.full(m.flat, -np.inf))
    ratios = np.exp(entropies) / math.sqrt(2 * math.pi * math.e)
    ties = int(np.count_nonzero(ratios == 0.0)) - m.flat
    return Valued(float(np.square(1.0 - ratios).mean()), _counts(m, axes_with_ties=ties))


@measure(
    state=AxisScores,
    unit="nats²",
    range=(0, None),
    keeps={"shift", "rotation", "scale"},
    direction=_FURTHER,
    cite="Marbut et al. 2023",
    formula="meanⱼ KL(pⱼ ‖ qⱼ)², pⱼ = 30-bin histogram of axis j, qⱼ = N(0, 1) within its range, on its bins",
)
def kl_discrete(m: AxisScores) -> Valued:
    """Mean square over principal axes of the KL divergence of a 30-bin histogram from a standard normal's on its bins.

    The bins span the axis's range; the normal's probabilities are taken within that range, where
    they sum to 1. A flat axis is in one of 30 bins of no width, alike for the normal: log 30.
    """
    s = m.summaries
    found = np.append(divergences_from_normal(s.counts, s.low, s.high), np.full(m.flat, math.log(BINS)))
    return Valued(float(np.square(found).mean()), {**_counts(m), "bins": BINS})


@measure(
    state=AxisScores,
    unit="1",
    range=(0, 1),
    keeps={"shift", "rotation", "scale", "duplicate"},
    direction="higher = rows spread more evenly over the range of all axes",
    cite="Marbut et al. 2023",
    formula="meanⱼ H(pⱼ)/log 30, pⱼ = 30-bin histogram of axis j, pointing to its farthest row, over all axes' range",
    extremes=True,
)
def discrete_entropy(m: AxisScores) -> Valued:
    """Mean over principal axes of the entropy of a 30-bin histogram over all axes' range, over log 30.

    Each axis points to its farthest row, so that the range is a function of the cloud and not of
    the signs that a solver chose. A flat axis is in one bin: 0.
    """
    found = np.append(relative_entropies(m.summaries.shared), np.zeros(m.flat))
    return Valued(float(found.mean()), {**_counts(m), "bins": BINS})


def _counts(m: AxisScores, **more: int) -> dict[str, Any]:
    counts = {
        "flat_axes": m.flat,
        **more,
        "undetermined_axes": m.undetermined,
        "rows_left_out": m.rows_left_out,
    }
    return {name: count for name, count in counts.items() if count}


@measure(
    state=Moments,
    unit="nats",
    range=(0, None),
    keeps={"shift", "rotation", "scale", "duplicate"},
    direction=_FURTHER,
    cite="Marbut et al. 2023",
    formula="½(tr S − d − log det S) = −½ Σ log(dλᵢ/Σλ), S = the covariance scaled to trace d",
)
def kl_gaussian(m: Moments) -> float:
    """KL divergence from a standard normal of the normal that has the covariance scaled to total variance d."""
    values = read_spectrum(m, centred=True)
    if flat := int(np.count_nonzero(values == 0.0)):
        raise NotEnoughData(
            f"{flat} of {m.d} axes have no variance, as far as float64 squares tell: the divergence is infinite",
            "give more rows than columns, none of them constant",
        )
    return max(-0.5 * float(np.log(m.d * (values / values.sum())).sum()), 0.0)
