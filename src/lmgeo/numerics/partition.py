"""The partition function Z(c) = Σᵢ exp(cᵀxᵢ) along the eigenvectors of XᵀX, as its logarithm."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from lmgeo.core.arrays import Bool, Float, Float64, ndarray
from lmgeo.core.errors import NotEnoughData
from lmgeo.numerics.moments import row_chunks
from lmgeo.numerics.reach import within_reach
from lmgeo.numerics.spectra import EPSILON
from lmgeo.numerics.threads import in_threads

_GAP = EPSILON  # times d of the greatest eigenvalue: nearer ones have no eigenvectors of their own
_SHARES = 8  # of the rows, worked on side by side
_FEW_VALUES = 2_000_000  # not worth a second thread
_CHUNK_VALUES = 131_072  # exponents at a time: 1 MB, which a core's cache holds
_PLAIN = 300.0  # length of a row: no exponent is greater, and e^±300 is far within float64
_SUM = 1e-12  # of the greatest that Σ|cᵀxᵢ| can be: a sum of cᵀxᵢ up to this is rounding


class Eigen(NamedTuple):
    """Eigenvalues of a symmetric matrix, ascending, and its unit eigenvectors as columns."""

    values: Float64[ndarray, " r"]
    vectors: Float64[ndarray, "r r"]


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


def log_partition(rows: Float[ndarray, "n d"], eigen: Eigen | None = None) -> LogPartition:
    """log Z of the rows along ± each unit eigenvector of XᵀX, not centred, in two passes.

    Exponents are summed relative to their greatest, so none overflows.

    Args:
        rows: the cloud or matrix.
        eigen: of XᵀX, or of XXᵀ where there are fewer rows than columns, if they are known.

    Raises:
        NotEnoughData: all entries are zero, or an exponent or a column's sum that float64 cannot hold.
    """
    if not rows.any():
        raise NotEnoughData("all entries are zero: every direction is an eigenvector", "give rows that are not zero")
    values, axes = _eigenvectors(within_reach(rows), eigen)
    near = np.diff(values) <= _GAP * len(values) * values[-1]
    spanned = values > _GAP * len(values) * values[-1]
    degenerate = spanned & (np.append(near, False) | np.insert(near, 0, False))
    plus, minus, sums = _log_sums(rows, axes)
    # Σ|cᵀxᵢ| is at most √(n·λ)
    sums[np.abs(sums) <= _SUM * np.sqrt(len(rows) * np.maximum(values[-len(sums) :], 0.0))] = 0.0
    if flat := len(values) - axes.shape[1]:
        plus, minus = (np.pad(log_z, (flat, 0), constant_values=np.log(len(rows))) for log_z in (plus, minus))
        sums = np.pad(sums, (flat, 0))
    return LogPartition(plus, minus, sums, degenerate, spanned)


def _eigenvectors(
    rows: Float[ndarray, "n d"], eigen: Eigen | None
) -> tuple[Float64[ndarray, " d"], Float64[ndarray, "d k"]]:
    """Eigenvalues of XᵀX, ascending, and its unit eigenvectors; of fewer rows than columns those of the last k alone.

    The k are then had from XXᵀ, and all others have an eigenvalue of zero.
    """
    n, d = rows.shape
    if n >= d:
        return eigen or Eigen(*np.linalg.eigh(_second_moment(rows)))
    exact = rows.astype(np.float64)
    values, left = eigen or Eigen(*np.linalg.eigh(exact @ exact.T))
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
    # as many shares whatever the threads, so that these do not show
    step = -(-len(rows) // (_SHARES if rows.size > _FEW_VALUES else 1))
    shares = [slice(start, start + step) for start in range(0, len(rows), step)]
    parts = in_threads(lambda share: _sums_of(rows[share], axes), shares)
    plus, minus, sums = parts[0]
    for more in parts[1:]:
        _join(plus, *more[0])
        _join(minus, *more[1])
        sums += more[2]
    return plus[0] + np.log(plus[1]), minus[0] + np.log(minus[1]), sums


def _sums_of(rows: Float[ndarray, "n d"], axes: Float64[ndarray, "d k"]) -> tuple[ndarray, ndarray, ndarray]:
    """Running sums of one share: of both exponentials (2, k), and of cᵀx (k,)."""
    plus, minus = (np.full((2, axes.shape[1]), [[-np.inf], [0.0]]) for _ in range(2))
    total = np.zeros(rows.shape[1])
    step = max(1, _CHUNK_VALUES // max(axes.shape))
    for start in range(0, len(rows), step):
        exact = rows[start : start + step].astype(np.float64)
        with np.errstate(over="ignore", invalid="ignore"):
            exponents = exact @ axes
            longest = math.sqrt(np.einsum("nd,nd->n", exact, exact).max())
        if longest <= _PLAIN:
            _add_plain(plus, minus, exponents)
        else:
            _add_relative(plus, minus, exponents)
        with np.errstate(over="ignore"):
            total += exact.sum(axis=0)
    if not np.isfinite(total).all():  # their signs would be a guess
        raise NotEnoughData("the sum of a column overflows float64", "scale the rows down")
    return plus, minus, total @ axes


def _add_plain(plus: Float64[ndarray, "2 k"], minus: Float64[ndarray, "2 k"], exponents: ndarray) -> None:
    """Take exponents in whose exponentials are within float64, and so are one over these."""
    zero = np.zeros(exponents.shape[1])
    np.exp(exponents, out=exponents)
    _join(plus, zero, exponents.sum(axis=0))
    np.reciprocal(exponents, out=exponents)  # half the time of exponentials
    _join(minus, zero, exponents.sum(axis=0))


def _add_relative(plus: Float64[ndarray, "2 k"], minus: Float64[ndarray, "2 k"], exponents: ndarray) -> None:
    """Take any exponents in, relative to their greatest."""
    greatest, least = exponents.max(axis=0), exponents.min(axis=0)
    if not (np.isfinite(greatest).all() and np.isfinite(least).all()):
        raise NotEnoughData("an exponent overflows float64", "scale the rows down")
    room = np.subtract(exponents, greatest)
    _join(plus, greatest, np.exp(room, out=room).sum(axis=0))
    np.subtract(least, exponents, out=room)
    _join(minus, -least, np.exp(room, out=room).sum(axis=0))


def _join(state: Float64[ndarray, "2 k"], exponent: Float64[ndarray, " k"], total: Float64[ndarray, " k"]) -> None:
    """Take exp(exponent)·total of more rows into the running greatest exponent and the sum relative to it."""
    greatest = np.maximum(state[0], exponent)
    state[1] = state[1] * np.exp(state[0] - greatest) + total * np.exp(exponent - greatest)
    state[0] = greatest
