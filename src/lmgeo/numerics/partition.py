"""The partition function Z(c) = Σᵢ exp(cᵀxᵢ) along the eigenvectors of XᵀX, as its logarithm."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from lmgeo.core.arrays import Bool, Float, Float64, ndarray
from lmgeo.core.errors import NotEnoughData
from lmgeo.numerics.moments import row_chunks
from lmgeo.numerics.reach import within_reach
from lmgeo.numerics.spectra import EPSILON

_GAP = EPSILON  # times d of the greatest eigenvalue: nearer ones have no eigenvectors of their own
_SUM = 1e-12  # of Σ|cᵀxᵢ|: a sum of cᵀxᵢ up to this is rounding


@dataclass(frozen=True)
class LogPartition:
    """Z along each eigenvector c and along −c.

    Attributes:
        plus: log Z(c).
        minus: log Z(−c).
        sums: Σᵢ cᵀxᵢ, exactly 0 where rounding decides its sign.
        degenerate: whether an eigenvalue has neighbours too near for eigenvectors of their own;
            never where it is zero, for there Z is n along any vector.
        spanned: whether an eigenvalue is not zero.
    """

    plus: Float64[ndarray, " d"]
    minus: Float64[ndarray, " d"]
    sums: Float64[ndarray, " d"]
    degenerate: Bool[ndarray, " d"]
    spanned: Bool[ndarray, " d"]


def log_partition(rows: Float[ndarray, "n d"]) -> LogPartition:
    """log Z of the rows along ± each unit eigenvector of XᵀX, not centred, in two passes.

    Exponents are summed relative to their greatest, so none overflows.

    Raises:
        NotEnoughData: all entries are zero, or an exponent that float64 cannot hold.
    """
    if not rows.any():
        raise NotEnoughData("all entries are zero: every direction is an eigenvector", "give rows that are not zero")
    values, axes = _eigenvectors(within_reach(rows))
    near = np.diff(values) <= _GAP * len(values) * values[-1]
    spanned = values > _GAP * len(values) * values[-1]
    degenerate = spanned & (np.append(near, False) | np.insert(near, 0, False))
    plus, minus, sums = _log_sums(rows, axes)
    if flat := len(values) - axes.shape[1]:
        plus, minus = (np.pad(log_z, (flat, 0), constant_values=np.log(len(rows))) for log_z in (plus, minus))
        sums = np.pad(sums, (flat, 0))
    return LogPartition(plus, minus, sums, degenerate, spanned)


def _eigenvectors(rows: Float[ndarray, "n d"]) -> tuple[Float64[ndarray, " d"], Float64[ndarray, "d k"]]:
    """Eigenvalues of XᵀX, ascending, and its unit eigenvectors; of fewer rows than columns those of the last k alone.

    The k are then had from XXᵀ, and all others have an eigenvalue of zero.
    """
    n, d = rows.shape
    if n >= d:
        return np.linalg.eigh(_second_moment(rows))
    exact = rows.astype(np.float64)
    values, left = np.linalg.eigh(exact @ exact.T)
    spanned = values > _GAP * d * values[-1]
    values, left = values[spanned], left[:, spanned]
    return np.pad(values, (d - len(values), 0)), exact.T @ (left / np.sqrt(values))


def _second_moment(rows: Float[ndarray, "n d"]) -> Float64[ndarray, "d d"]:
    """XᵀX, not centred."""
    total = np.zeros((rows.shape[1], rows.shape[1]))
    for part in row_chunks(*rows.shape):
        exact = rows[part].astype(np.float64)
        total += exact.T @ exact
    return total


def _log_sums(
    rows: Float[ndarray, "n d"], axes: Float64[ndarray, "d k"]
) -> tuple[Float64[ndarray, " k"], Float64[ndarray, " k"], Float64[ndarray, " k"]]:
    """log Σ exp(cᵀx), log Σ exp(−cᵀx) and Σ cᵀx for each column c."""
    plus, minus = (np.full((2, axes.shape[1]), [[-np.inf], [0.0]]) for _ in range(2))
    sums, sizes = np.zeros(axes.shape[1]), np.zeros(axes.shape[1])
    for part in row_chunks(*rows.shape):
        with np.errstate(over="ignore", invalid="ignore"):
            exponents = rows[part].astype(np.float64) @ axes
        if not np.isfinite(exponents).all():
            raise NotEnoughData("an exponent overflows float64", "scale the rows down")
        sums += exponents.sum(axis=0)
        sizes += np.abs(exponents).sum(axis=0)
        _add(plus, exponents)
        _add(minus, np.negative(exponents, out=exponents))
    sums[np.abs(sums) <= _SUM * sizes] = 0.0
    return plus[0] + np.log(plus[1]), minus[0] + np.log(minus[1]), sums


def _add(state: Float64[ndarray, "2 k"], exponents: Float64[ndarray, "n k"]) -> None:
    """Take exponents into the running greatest and the running sum relative to it."""
    greatest = np.maximum(state[0], exponents.max(axis=0))
    relative = np.exp(exponents - greatest).sum(axis=0)
    state[1] = state[1] * np.exp(state[0] - greatest) + relative
    state[0] = greatest
