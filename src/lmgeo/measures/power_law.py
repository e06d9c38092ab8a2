"""Measures of the power law in the upper tail of a weight matrix's eigenvalues λ = σ²."""

from __future__ import annotations

import math

import numpy as np

from lmgeo.core.errors import NotEnoughData
from lmgeo.measures.declare import Valued, measure
from lmgeo.numerics.power_law import PowerLaw
from lmgeo.states.spectrum import MatrixSpectrum

LEAST_TAIL = 50  # eigenvalues: from fewer an exponent says little, and looks as sure as any
_CITE = "Martin & Mahoney 2021; fit of Clauset et al. 2009"


@measure(
    state=MatrixSpectrum,
    unit="1",
    range=(1, None),
    keeps={"rotation", "scale"},
    direction="higher = lighter tail",
    cite=_CITE,
    formula="1 + k/Σ log(λ/xmin) over the k eigenvalues λ ≥ xmin; xmin by least KS distance",
    matrix=True,
    cloud=False,
)
def alpha(m: MatrixSpectrum) -> Valued:
    """Maximum-likelihood exponent of the power law that fits the upper tail of λ = σ² best."""
    law = _law(m)
    return Valued(law.alpha, _details(m, law))


@measure(
    state=MatrixSpectrum,
    unit="1",
    range=(None, None),
    keeps={"rotation"},
    direction="higher = lighter tail, greater norm",
    cite=_CITE,
    formula="α·log₁₀ λ₁",
    matrix=True,
    cloud=False,
)
def alpha_weighted(m: MatrixSpectrum) -> Valued:
    """The tail's exponent times the decimal log of the greatest eigenvalue."""
    law = _law(m)
    return Valued(law.alpha * math.log10(m.eigenvalues[0]), _details(m, law))


@measure(
    state=MatrixSpectrum,
    unit="1",
    range=(None, None),
    keeps={"rotation"},
    direction="higher = lighter tail, greater norm",
    cite=_CITE,
    formula="log₁₀ Σ λᵢ^α",
    matrix=True,
    cloud=False,
)
def log_alpha_norm(m: MatrixSpectrum) -> Valued:
    """Decimal log of the sum of the eigenvalues, each to the power of the tail's exponent."""
    law, greatest = _law(m), float(m.eigenvalues[0])
    # relative to the greatest, whose power may be beyond float64
    rest = math.log10(np.power(m.eigenvalues / greatest, law.alpha).sum())
    return Valued(law.alpha * math.log10(greatest) + rest, _details(m, law))


def _law(m: MatrixSpectrum) -> PowerLaw:
    law = m.power_law
    if law.tail < LEAST_TAIL:
        fit = f"α = {law.alpha:.4g} ± {law.sigma:.2g}, xmin = {law.xmin:.4g}, D = {law.distance:.3g}"
        of = f"{law.tail} of {np.count_nonzero(m.eigenvalues)} eigenvalues"
        what = f"the best power law ({fit}) holds for {of}: from under {LEAST_TAIL} it says little"
        raise NotEnoughData(what, "give a larger matrix")
    return law


def _details(m: MatrixSpectrum, law: PowerLaw) -> dict[str, float]:
    return {
        "xmin": law.xmin,
        "xmax": law.xmax,
        "D": law.distance,
        "sigma": law.sigma,
        "tail": law.tail,
        "eigenvalues": int(np.count_nonzero(m.eigenvalues)),
    }
