"""Measures of the singular values σ of a weight matrix, as it stands or, where asked, less its column means."""

from __future__ import annotations

import math

import numpy as np

from lmgeo.core.errors import NotEnoughData
from lmgeo.measures.declare import Valued, measure
from lmgeo.numerics import spectra
from lmgeo.numerics.marchenko_pastur import fit_bulk
from lmgeo.states.spectrum import MatrixSpectrum, SingularValues

_ROTATION_AND_SCALE = {"rotation", "scale"}


@measure(
    state=MatrixSpectrum,
    unit="%",
    range=(0, 100),
    keeps=_ROTATION_AND_SCALE,
    direction="higher = more dimensions",
    cite="Kulkarni et al. 2026",
    formula="100·exp(−Σ pᵢ log pᵢ) / r, p = σ/Σσ, r = min(n, d)",
    matrix=True,
    cloud=False,
)
def effective_rank_pct(m: MatrixSpectrum) -> float:
    """Exponential of the entropy of the normalised singular values, as a percentage of min(n, d)."""
    return 100.0 * spectra.entropy_rank(m.values) / len(m.values)


@measure(
    state=MatrixSpectrum,
    unit="nats",
    range=(0, None),
    keeps=_ROTATION_AND_SCALE,
    direction="higher = less even",
    cite="Godey et al. 2024",
    formula="log r + Σ pᵢ log pᵢ, p = σ/Σσ, r = min(n, d)",
    matrix=True,
    cloud=False,
)
def singular_entropy(m: MatrixSpectrum) -> float:
    """Entropy that the normalised singular values lack of even ones: effective_rank = min(n, d)·exp(−this)."""
    return max(math.log(len(m.values)) - spectra.shannon_entropy(m.values), 0.0)


@measure(
    state=MatrixSpectrum,
    unit="1",
    range=(0, None),
    keeps={"rotation"},
    direction="higher = longer along one direction",
    formula="σ₁",
    matrix=True,
    cloud=False,
)
def spectral_norm(m: MatrixSpectrum) -> float:
    """The greatest singular value."""
    return float(m.values[0])


@measure(
    state=MatrixSpectrum,
    unit="1",
    range=(0, None),
    keeps={"rotation"},
    direction="higher = greater entries",
    formula="√Σσ²",
    matrix=True,
    cloud=False,
)
def frobenius_norm(m: MatrixSpectrum) -> float:
    """Square root of the sum of the squared entries."""
    return float(m.values[0] * np.linalg.norm(m.values / m.values[0]))


@measure(
    state=SingularValues,
    unit="1",
    range=(1, None),
    keeps=_ROTATION_AND_SCALE,
    direction="higher = closer to singular",
    formula="σ₁ / σᵣ, r = min(n, d)",
    matrix=True,
    cloud=False,
)
def condition_number(m: SingularValues) -> float:
    """Greatest over least singular value."""
    values = m.spectrum.values
    if values[-1] == 0.0:
        kept = int(np.count_nonzero(values))
        raise NotEnoughData(
            f"the matrix is singular: {kept} of {len(values)} singular values are above rounding",
            "numerical_rank tells how many there are",
        )
    return float(values[0] / values[-1])


@measure(
    state=SingularValues,
    unit="dimensions",
    range=(1, "r"),
    keeps=_ROTATION_AND_SCALE,
    direction="higher = more dimensions",
    formula="#{i: σᵢ > σ₁·max(n, d)·ε}, ε of the type the matrix is stored in",
    matrix=True,
    cloud=False,
)
def numerical_rank(m: SingularValues) -> Valued:
    """Singular values above what the rounding of the stored type could make of none."""
    values, bound = m.spectrum.values, max(m.n, m.d) * m.spectrum.epsilon
    if bound >= 1:
        raise NotEnoughData(
            f"the type it is stored in has ε = {m.spectrum.epsilon:.2g}: with {max(m.n, m.d)} rows or columns, "
            "rounding alone can make a singular value as great as σ₁",
            "read condition_number or effective_rank",
        )
    above = float(np.count_nonzero(values > values[0] * bound))
    return Valued(above, {"epsilon": m.spectrum.epsilon, "least": float(values[0] * bound)})


@measure(
    state=MatrixSpectrum,
    unit="1",
    range=(0, None),
    keeps=_ROTATION_AND_SCALE,
    direction="higher = more like a random matrix",
    cite="Martin & Mahoney 2021",
    formula="λ₊ / λ₁, λ₊ = median(λ)/median(MP)·(1 + √y)², y = min(n, d)/max(n, d), λ = σ²",
    matrix=True,
    cloud=False,
)
def mp_softrank(m: MatrixSpectrum) -> Valued:
    """Edge of the Marchenko–Pastur law of the spectrum's median, over the greatest eigenvalue.

    WeightWatcher fits the law to a kernel density by least squares over a grid of variances up to
    λ₁'s; where few eigenvalues leave the bulk and n is at least twice d the two agree to some per
    cent. With a heavy tail its grid and its bandwidth, both fixed against λ₁ or the mean, become
    coarse beside the bulk, and for square matrices it fits another law (a quarter circle whose
    width is not fitted). The median depends on neither, and on the upper half only by its size.
    A spectrum narrower than a random matrix's gives more than 1.
    """
    bulk = fit_bulk(m.eigenvalues, m.n, m.d)
    details = {
        "bulk_edge": bulk.edge,
        "entry_variance": bulk.variance,
        "above_edge": bulk.above,
        "distance": bulk.distance,
    }
    return Valued(bulk.edge / float(m.eigenvalues[0]), details)
