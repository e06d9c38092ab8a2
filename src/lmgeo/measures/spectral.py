"""Measures of a spectrum: λ of XcᵀXc/(n−1) for a cloud, σ(W)² for a weight matrix.

For n ≤ d they read the spectrum zero-padded to d, and say so. One row, or rows all equal, have
no spectrum to speak of: null.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from lmgeo.core.arrays import Float64, ndarray
from lmgeo.core.errors import NotEnoughData
from lmgeo.measures.declare import Valued, measure
from lmgeo.numerics import spectra
from lmgeo.states.moments import Moments

_ALL = {"shift", "rotation", "scale", "duplicate"}
_RANK = "min(n-1, d)"


def read_spectrum(m: Moments, centred: bool) -> Float64[ndarray, " d"]:
    """The spectrum that a measure reads, refused where it is all zeros."""
    values = m.eigenvalues if centred else m.spectrum
    if values[0] == 0.0:
        raise _all_equal(m) if centred else NotEnoughData("all entries are zero: no spectrum", "give rows that differ")
    return values


def _all_equal(m: Moments) -> NotEnoughData:
    return NotEnoughData(
        f"all {m.n} rows are equal, as far as float64 squares tell: no spectrum",
        "give rows that differ, or scale tiny ones up",
    )


def read_uncentred(m: Moments) -> Float64[ndarray, " d"]:
    """The singular values of the rows as they stand, refused where they are all zeros."""
    values = m.singular_values_uncentred
    if values[0] == 0.0:
        raise NotEnoughData("all entries are zero, as far as float64 squares tell", "give rows that are not zero")
    return values


def noted(m: Moments, value: float, centred: bool, note: str = "") -> Valued:
    """The value with what bears on reading it: too few rows, constant columns."""
    details: dict[str, Any] = {"constant_columns": m.constant_columns} if m.constant_columns else {}
    rank = m.n - 1 if centred else m.n
    if rank < m.d:
        few = f"n ≤ d: at most {rank} of {m.d} eigenvalues are not zero"
        note = f"{note}; {few}" if note else few
    return Valued(value, {**details, "note": note} if note else details)


@measure(
    state=Moments,
    unit="1",
    range=(0, "((r-1)/r)^2"),
    keeps=_ALL,
    direction="higher = less even",
    cite="Marbut et al. 2023",
    formula="∫ (cₖ − k·c_r/r) dk / (c_r·r/2), cₖ = Σ_{i≤k} λᵢ, by trapezoids over k = 1…r, r = min(n, d)",
    matrix=True,
)
def eee(m: Moments) -> Valued:
    """Eigenvalue early enrichment: area between the cumulated spectrum and an even one, over the greatest area."""
    value = spectra.eee(read_spectrum(m, m.centred), min(m.n, m.d))
    return noted(m, value, m.centred, "one dimension is always even" if min(m.n, m.d) == 1 else "")


@measure(
    state=Moments,
    unit="1",
    range=(0, 1),
    keeps=_ALL,
    direction="higher = more isotropic",
    cite="Rudman et al. 2022",
    formula="(dφ − 1)/(d − 1), φ = (d − δ²(d − √d))²/d², δ = ‖√d·λ/‖λ‖ − 1‖ / √(2(d − √d))",
    matrix=True,
)
def isoscore(m: Moments) -> Valued:
    """IsoScore: how evenly the variance spreads over all dimensions; centred on weight matrices too."""
    if m.d < 2:
        raise NotEnoughData("d = 1: isotropy needs two dimensions", "give at least 2 columns")
    sums = m.sums
    if sums.factor == 0.0:
        raise _all_equal(m)
    return noted(m, spectra.isoscore(sums, m.d), centred=True)


@measure(
    state=Moments,
    unit="1",
    range=(0, 1),
    keeps=_ALL,
    direction="higher = more isotropic",
    cite="Marbut et al. 2023",
    formula="λ_d / λ₁",
    matrix=True,
)
def pc_ratio(m: Moments) -> Valued:
    """Least over greatest eigenvalue of the covariance; 0 when n ≤ d."""
    values = read_spectrum(m, m.centred)
    flat = int(np.count_nonzero(values == 0.0))
    note = f"{flat} direction(s) without variance, as far as float64 squares tell" if flat and m.n > m.d else ""
    return noted(m, float(values[-1] / values[0]), m.centred, note)


@measure(
    state=Moments,
    unit="dimensions",
    range=(1, _RANK),
    keeps=_ALL,
    direction="higher = more dimensions",
    formula="(Σλ)² / Σλ²",
    matrix=True,
)
def participation_ratio(m: Moments) -> Valued:
    """Squared sum of the covariance's eigenvalues over the sum of their squares."""
    return noted(m, spectra.participation(read_spectrum(m, m.centred)), m.centred)


@measure(
    state=Moments,
    unit="dimensions",
    range=(1, _RANK),
    keeps=_ALL,
    direction="higher = more dimensions",
    cite="Roy & Vetterli 2007",
    formula="exp(−Σ pᵢ log pᵢ), p = σ/Σσ, σ = √λ",
    matrix=True,
)
def effective_rank(m: Moments) -> Valued:
    """Exponential of the entropy of the normalised singular values of the centred cloud."""
    return noted(m, spectra.entropy_rank(np.sqrt(read_spectrum(m, m.centred))), m.centred)


@measure(
    state=Moments,
    unit="dimensions",
    range=(1, _RANK),
    keeps=_ALL,
    direction="higher = more dimensions",
    cite="Roy & Vetterli 2007, on eigenvalues",
    formula="exp(−Σ pᵢ log pᵢ), p = λ/Σλ",
    matrix=True,
)
def effective_rank_cov(m: Moments) -> Valued:
    """Exponential of the entropy of the normalised eigenvalues of the covariance (squares of effective_rank's)."""
    return noted(m, spectra.entropy_rank(read_spectrum(m, m.centred)), m.centred)


@measure(
    state=Moments,
    unit="dimensions",
    range=(1, "r"),
    keeps={"rotation", "scale", "duplicate"},
    direction="higher = more dimensions",
    cite="Garrido et al. 2023",
    formula="exp(−Σ pᵢ log pᵢ), p = σ(X)/Σσ(X), X not centred",
)
def rankme(m: Moments) -> Valued:
    """Exponential of the entropy of the normalised singular values of the cloud as it stands, not centred."""
    return noted(m, spectra.entropy_rank(read_uncentred(m)), centred=False)


@measure(
    state=Moments,
    unit="dimensions",
    range=(1, _RANK),
    keeps=_ALL,
    direction="higher = more dimensions",
    formula="Σλ / λ₁",
    matrix=True,
)
def stable_rank(m: Moments) -> Valued:
    """Sum of the covariance's eigenvalues over the greatest."""
    values = read_spectrum(m, m.centred)
    return noted(m, float((values / values[0]).sum()), m.centred)
