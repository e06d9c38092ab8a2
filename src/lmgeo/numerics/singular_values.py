"""Singular values of matrices that are read a block of rows at a time.

Two ways. From the Gram matrix: one pass of products, and an eigenproblem of the narrow side alone.
Squares cost half of the digits, so a value far below the greatest has few left. By QR of one
block after another and the singular values of what remains: slower, and exact.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple

import numpy as np

from lmgeo.core.arrays import Float, Float64, ndarray
from lmgeo.core.errors import NotEnoughData
from lmgeo.numerics.moments import mean_and_scatter, merge_moments, row_chunks
from lmgeo.numerics.partition import Eigen
from lmgeo.numerics.secular import with_one_more_row
from lmgeo.numerics.spectra import without_rounding

Blocks = Callable[[], Iterable[Float[ndarray, "b d"]]]  # of rows, from the first to the last, anew at each call

# Rounding of λ₁ in a small λ: down to here σ was within 8e-7 of a singular value decomposition's
# (100 to 1,500 columns, geometric spectra), at a tenth of it within 1e-5.
_RESOLVED = 1e-11  # of λ₁


class Values(NamedTuple):
    """Singular values and how they were had.

    Attributes:
        values: descending; rounding noise is zero.
        exact: whether each is good to some 1e-6 of itself, the smallest too.
        how: `gram`, `gram32` (by products in single precision) or `svd`.
    """

    values: Float64[ndarray, " r"]
    exact: bool
    how: str


class Grams(NamedTuple):
    """Products of a matrix with itself over its longer side, as it stands and less its column means.

    Attributes:
        raw, centred: (r, r), r = min(n, d); their eigenvalues are σ².
        mean: column means.
        constant_columns: columns that hold one value throughout.
    """

    raw: Float64[ndarray, "r r"]
    centred: Float64[ndarray, "r r"]
    mean: Float64[ndarray, " d"]
    constant_columns: int


def grams_of(blocks: Blocks, n: int, d: int) -> Grams:
    """Both Gram matrices of an n×d matrix, in float64."""
    with np.errstate(over="ignore", invalid="ignore"):  # what overflows is not finite, and a reader says so
        return _tall_grams(blocks, d) if n >= d else _wide_grams(_joined(blocks))


def single_grams_of(blocks: Blocks, d: int) -> Grams:
    """The same of a tall matrix stored in no more than single precision, multiplied in it: half the time.

    Products are of rows less a mean, and blocks are added in float64, so that the error is some 3e-9
    of the greatest eigenvalue of the rows less their mean (20,000 rows of 768, several spectra).
    """
    reference, count, total, products = None, 0, np.zeros(d), np.zeros((d, d))
    for block in blocks():
        if reference is None:
            # the mean of equal float32 numbers is exact in float64, so a constant column gives zeros
            reference = block.mean(axis=0, dtype=np.float64).astype(np.float32)
        rows = np.subtract(block, reference, dtype=np.float32)
        total += rows.sum(axis=0, dtype=np.float64)
        products += rows.T @ rows
        count += len(block)
    offset = total / count
    scatter = products - count * np.outer(offset, offset)
    mean = offset + (0.0 if reference is None else reference)
    constant = int(np.count_nonzero(np.diag(products) == 0.0))
    return Grams(scatter + count * np.outer(mean, mean), scatter, mean, constant)


def _tall_grams(blocks: Blocks, d: int) -> Grams:
    count, mean, scatter = 0, np.zeros(d), np.zeros((d, d))
    for block in blocks():
        mean, scatter = merge_moments(count, mean, scatter, len(block), *mean_and_scatter(block))
        count += len(block)
    constant = int(np.count_nonzero(np.diag(scatter) == 0.0))
    return Grams(scatter + count * np.outer(mean, mean), scatter, mean, constant)


def _wide_grams(whole: Float[ndarray, "n d"]) -> Grams:
    """Of a matrix with more columns than rows, a few columns at a time."""
    n, d = whole.shape
    centred, along, means, constant = np.zeros((n, n)), np.zeros(n), [], 0
    for part in row_chunks(d, n):
        columns = whole[:, part].astype(np.float64)
        first = columns[:1].copy()
        columns -= first  # a constant column is then exactly zero
        constant += int(np.count_nonzero(~columns.any(axis=0)))
        offset = columns.mean(axis=0)
        columns -= offset
        centred += columns @ columns.T
        means.append(first[0] + offset)
        along += columns @ means[-1]
    mean = np.concatenate(means)
    # X = Xc + 1·x̄ᵀ, so XXᵀ = XcXcᵀ + (Xc·x̄)·1ᵀ + 1·(Xc·x̄)ᵀ + x̄ᵀx̄
    return Grams(centred + along[:, None] + along + mean @ mean, centred, mean, constant)


def gram_values(gram: Float64[ndarray, "r r"], rank: int) -> Values:
    """Singular values from a Gram matrix of finite entries whose rank is at most `rank`."""
    return values_of(np.linalg.eigvalsh(gram), rank)


def values_of(eigenvalues: Float64[ndarray, " r"], rank: int) -> Values:
    """Singular values from the eigenvalues of a Gram matrix, ascending."""
    values = without_rounding(np.maximum(eigenvalues[::-1], 0.0), rank)
    return Values(np.sqrt(values), rank == 0 or bool(values[rank - 1] > _RESOLVED * values[0]), "gram")


def eigenvalues_less_mean(eigen: Eigen, mean: Float64[ndarray, " d"], n: int) -> Float64[ndarray, " d"]:
    """Eigenvalues of XᵀX − n·x̄x̄ᵀ, ascending, from the decomposition of XᵀX: d² steps in place of d³.

    Their error is rounding of the greatest eigenvalue of XᵀX, so x̄ must not outweigh the rest.
    """
    top = float(eigen.values[-1])
    gaps = np.sqrt(np.maximum(top - eigen.values, 0.0))
    # top·I − (XᵀX − n·x̄x̄ᵀ) is the same with one row more
    return top - with_one_more_row(gaps, math.sqrt(n) * (mean @ eigen.vectors)) ** 2


def exact_values(blocks: Blocks, n: int, d: int, mean: Float64[ndarray, " d"] | None = None) -> Values:
    """Singular values of an n×d matrix by QR, in float64; with `mean`, of the rows less it.

    Raises:
        NotEnoughData: sums that float64 cannot hold.
    """
    if n >= d:
        factor = _triangle(_less(blocks(), mean), d)
    else:
        factor = _triangle(_columns(_joined(blocks), mean), n)
    values = np.linalg.svd(factor, compute_uv=False) if np.isfinite(factor).all() else np.array([np.inf])
    if not np.isfinite(values[0]):
        raise NotEnoughData("the sums of these values overflow float64", "scale the matrix down")
    rank = min(n, d) if mean is None else min(n - 1, d)
    return Values(without_rounding(values, rank), True, "svd")


def _triangle(blocks: Iterable[Float64[ndarray, "b r"]], r: int) -> Float64[ndarray, "k r"]:
    """What has the singular values of all rows together: R of their QR, or the rows where they are few."""
    held: list[ndarray] = []
    count = 0
    for block in blocks:
        held.append(block)
        count += len(block)
        if count > 5 * r:  # each factorization takes the last R along: the more rows beside it the better
            held = [_r(np.vstack(held))]
            count = r
    rows = np.vstack(held)
    return _r(rows) if count > 2 * r else rows


def _r(rows: Float64[ndarray, "k r"]) -> Float64[ndarray, "r r"]:
    return np.asarray(np.linalg.qr(rows, mode="r"))


def _less(
    blocks: Iterable[Float[ndarray, "b d"]], mean: Float64[ndarray, " d"] | None
) -> Iterator[Float64[ndarray, "b d"]]:
    for block in blocks:
        yield _difference(block, mean)


def _difference(rows: ndarray, mean: ndarray | None) -> ndarray:
    with np.errstate(over="ignore", invalid="ignore"):  # what overflows is not finite, and is said
        return np.subtract(rows, 0.0 if mean is None else mean, dtype=np.float64)


def _columns(whole: Float[ndarray, "n d"], mean: Float64[ndarray, " d"] | None) -> Iterator[Float64[ndarray, "b n"]]:
    for part in row_chunks(whole.shape[1], len(whole)):
        columns = whole[:, part].T
        yield _difference(columns, None if mean is None else mean[part, None])


def _joined(blocks: Blocks) -> Float[ndarray, "n d"]:
    parts = [*blocks()]
    return parts[0] if len(parts) == 1 else np.concatenate(parts)
