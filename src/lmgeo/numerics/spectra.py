"""Functions of a spectrum: eigenvalues λ₁ ≥ … ≥ λ_d ≥ 0, not all zero, in float64.

None of them depends on the scale of λ, so each is taken relative to its greatest value or sum.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from lmgeo.core.arrays import Float64, ndarray
from lmgeo.core.errors import NotEnoughData
from lmgeo.numerics.secular import with_one_more_row

EPSILON = float(np.finfo(np.float64).eps)
_BLOCK = 128  # rows of a triangle: what is below it is not multiplied


def without_rounding(values: Float64[ndarray, " d"], greatest_rank: int) -> Float64[ndarray, " d"]:
    """Descending eigen- or singular values with rounding noise made exactly zero.

    Noise is what is below d·ε of the greatest, or beyond the greatest possible rank. Its square
    root (1e-8 of σ₁) would show in every entropy of σ.
    """
    kept = values.copy()
    kept[values <= len(values) * EPSILON * values[0]] = 0.0
    kept[greatest_rank:] = 0.0
    return kept


def principal_axes(
    scatter: Float64[ndarray, "d d"], greatest_rank: int
) -> tuple[Float64[ndarray, " d"], Float64[ndarray, "d d"]]:
    """Eigenvalues of a scatter matrix, descending and free of noise, and its unit axes as columns.

    Raises:
        NotEnoughData: float64 could not hold the squares that the scatter sums.
    """
    if not np.isfinite(scatter).all():
        raise NotEnoughData("the squares of these values overflow float64", "scale the rows down")
    values, axes = np.linalg.eigh(scatter)
    # contiguous, or each product with them would copy them first
    return without_rounding(values[::-1], greatest_rank), np.ascontiguousarray(axes[:, ::-1])


def axis_variances(upper: Float64[ndarray, "d d"], axes: Float64[ndarray, "d k"]) -> Float64[ndarray, " k"]:
    """aᵀ·S·a for each axis a, a column of `axes`, of the symmetric S with this upper triangle."""
    half = np.zeros(axes.shape[1])  # each entry above the diagonal once, of those on it half
    for start in range(0, len(axes), _BLOCK):
        rows = slice(start, start + _BLOCK)
        block = upper[rows, start:].copy()
        corner = block[:, : len(block)]
        corner[:] = np.triu(corner) - 0.5 * np.diag(np.diag(corner))
        half += np.einsum("ij,ij->j", axes[rows], block @ axes[start:])
    return 2.0 * half


def uncentred_singular_values(
    values: Float64[ndarray, " d"], mean: Float64[ndarray, " d"], n: int
) -> Float64[ndarray, " d"]:
    """Singular values of a cloud as it stands, from its centred scatter and its mean, both on the principal axes.

    XᵀX = scatter + n·x̄x̄ᵀ = BᵀB with B = [diag(√values); √n·x̄ᵀ]. The singular values of B keep the
    digits that XᵀX loses where the mean is large.

    Args:
        values: eigenvalues of the scatter, descending.
        mean: x̄ on the axes of these eigenvalues.
        n: rows.
    """
    return without_rounding(with_one_more_row(np.sqrt(values), math.sqrt(n) * mean), min(n, len(values)))


def shannon_entropy(weights: Float64[ndarray, " k"]) -> float:
    """Entropy in nats of the distribution proportional to non-negative `weights`."""
    positive = weights[weights > 0]
    p = positive / positive.sum()
    return float(-(p * np.log(p)).sum())


def renyi_entropy(weights: Float64[ndarray, " k"], order: float = 1.0) -> float:
    """Rényi entropy in nats: log Σpᵃ / (1 − a), which goes to Shannon's as a → 1."""
    if order == 1.0:
        return shannon_entropy(weights)
    positive = weights[weights > 0]
    p = positive / positive.sum()
    return math.log(np.power(p, order).sum()) / (1.0 - order)


def power_law_slope(values: Float64[ndarray, " k"], first: int = 1) -> tuple[float, float | None]:
    """Least-squares slope of log values on log rank, the first of rank `first`, and its R².

    R² is None where the values are all equal.
    """
    x = np.log(np.arange(first, first + len(values)))
    y = np.log(values / values[0])
    x, y = x - x.mean(), y - y.mean()
    slope = float(x @ y / (x @ x))
    total = float(y @ y)
    return slope, slope**2 * float(x @ x) / total if total > 0 else None


def entropy_rank(weights: Float64[ndarray, " k"]) -> float:
    """Exponential of the entropy of `weights`: 1 … the number of those above zero."""
    return float(np.clip(math.exp(shannon_entropy(weights)), 1.0, np.count_nonzero(weights)))


def participation(values: Float64[ndarray, " d"]) -> float:
    """(Σλ)² / Σλ²: 1 … the number of values above zero."""
    relative = values / values[0]
    return float(np.clip(relative.sum() ** 2 / np.square(relative).sum(), 1.0, np.count_nonzero(values)))


def eee(values: Float64[ndarray, " d"], r: int) -> float:
    """Eigenvalue early enrichment: how far the cumulated spectrum lies above the even one.

    Args:
        values: the spectrum, zero-padded to d.
        r: min(n, d) values enter.

    Returns:
        0 (even) … ((r−1)/r)². Source: Marbut et al. 2023.
    """
    cumulated = np.cumsum(values[:r] / values[0])
    top = cumulated[-1]
    above = cumulated - np.arange(1, r + 1) * (top / r)
    # clipped because rounding leaves the bounds by an ulp on spectra that reach them
    return float(np.clip(np.trapezoid(above) / (top * r / 2), 0.0, ((r - 1) / r) ** 2))


class Sums(NamedTuple):
    """Of eigenvalues over a common factor, so that no square leaves float64.

    Attributes:
        total: their sum.
        squares: the sum of their squares.
        factor: what they were divided by; 0 where all are zero.
    """

    total: float
    squares: float
    factor: float


def sums_of(spectrum: Float64[ndarray, "*k"]) -> Sums:
    """Of eigenvalues that are given, or of those of a scatter matrix by its trace and norm.

    Raises:
        NotEnoughData: float64 could not hold the squares that the matrix sums.
    """
    if not np.isfinite(spectrum).all():
        raise NotEnoughData("the squares of these values overflow float64", "scale the rows down")
    diagonal = spectrum if spectrum.ndim == 1 else np.diag(spectrum)
    factor = float(diagonal.max())  # no entry of a scatter is greater
    if factor == 0.0:
        return Sums(0.0, 0.0, 0.0)
    return Sums(float((diagonal / factor).sum()), float(np.linalg.norm(spectrum / factor)) ** 2, factor)


def isoscore(sums: Sums, d: int) -> float:
    """IsoScore of a spectrum of d ≥ 2 values: 0 (one direction) … 1 (even).

    δ²·2(d − √d) = ‖√d·λ/‖λ‖ − 1‖² = 2d − 2√d·Σλ/‖λ‖, so φ = (Σλ)²/(d·Σλ²).

    Source: Rudman et al. 2022, "IsoScore: Measuring the Uniformity of Embedding Space Utilization".
    """
    return float(np.clip((sums.total**2 / sums.squares - 1) / (d - 1), 0.0, 1.0))
