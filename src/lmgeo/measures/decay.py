"""Measures of how a spectrum falls off: its power law and its entropy relative to an even one."""

from __future__ import annotations

import math

import numpy as np

from lmgeo.core.arrays import Float64, ndarray
from lmgeo.core.errors import NotEnoughData
from lmgeo.measures.declare import Valued, measure
from lmgeo.measures.spectral import noted, read_spectrum, read_uncentred
from lmgeo.numerics import spectra
from lmgeo.states.moments import Moments

LEAST_RELATIVE = 1e-12  # of λ₁: below it an eigenvalue has few digits left


@measure(
    state=Moments,
    unit="1",
    range=(None, None),
    keeps={"shift", "rotation", "scale", "duplicate"},
    direction="higher = faster decay",
    cite="Agrawal et al. 2022",
    formula="−slope of log λᵢ on log i by least squares, from i = 1 to the last λᵢ > 1e-12·λ₁",
    matrix=True,
)
def alpha_req(m: Moments, first: int = 1, last: int | None = None) -> Valued:
    """Minus the slope of log λ on log rank, by least squares with equal weights, down to 1e-12 of λ₁.

    Args:
        m: the moments.
        first: rank of the first eigenvalue used, from 1.
        last: rank of the last one used; None: the last above 1e-12·λ₁.
    """
    values = read_spectrum(m, m.centred)
    usable = int(np.count_nonzero(values > LEAST_RELATIVE * values[0]))
    end = usable if last is None else min(last, usable)
    if end - first < 1:
        raise NotEnoughData(f"{end - first + 1} eigenvalue(s) from rank {first} on: no slope", "give more dimensions")
    slope, fit = spectra.power_law_slope(values[first - 1 : end], first)
    valued = noted(m, -slope, m.centred)
    return Valued(valued.value, {**valued.details, "window": [first, end], "r_squared": fit})


@measure(
    state=Moments,
    unit="1",
    range=(0, 1),
    keeps={"shift", "rotation", "scale", "duplicate"},
    direction="higher = more even",
    cite="Skean et al. 2025",
    formula="log(Σ pᵢᵃ)/(1 − a) / log r, for a = 1: −Σ pᵢ log pᵢ / log r; p = λ/Σλ, r = min(n, d)",
    matrix=True,
)
def matrix_entropy(m: Moments, order: float = 1.0) -> Valued:
    """Rényi entropy (of order 1: Shannon's) of the normalised eigenvalues of the covariance, over log min(n, d)."""
    return noted(m, _relative_entropy(m, read_spectrum(m, m.centred), order), m.centred)


@measure(
    state=Moments,
    unit="1",
    range=(0, 1),
    keeps={"rotation", "scale", "duplicate"},
    direction="higher = more even",
    cite="Skean et al. 2025",
    formula="as matrix_entropy, with p = σ(X)²/Σσ(X)², X not centred",
)
def matrix_entropy_raw(m: Moments, order: float = 1.0) -> Valued:
    """Rényi entropy of the normalised squared singular values of the cloud as it stands, over log min(n, d)."""
    values = read_uncentred(m)
    return noted(m, _relative_entropy(m, np.square(values / values[0]), order), centred=False)


def _relative_entropy(m: Moments, values: Float64[ndarray, " d"], order: float) -> float:
    r = min(m.n, m.d)
    if r < 2:
        raise NotEnoughData(f"min(n, d) = {r}: an even spectrum has no entropy either", "give at least 2 of each")
    return min(max(0.0, spectra.renyi_entropy(values, order) / math.log(r)), 1.0)  # 0.0 first: −0.0 is no better
