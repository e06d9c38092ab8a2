"""Statistics of the cells of a quantizer: how evenly, how tightly and how far points fill them.

Counts are (M, K): points in cell k of codebook m, empty cells included. Definitions after
Marbut et al. 2024 (arXiv 2406.12159) unless said. A value that is undefined raises
NotEnoughData with the reason.
"""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import numpy as np
from threadpoolctl import threadpool_limits

from lmgeo.core.arrays import Float, Float64, Int, ndarray
from lmgeo.core.errors import NotEnoughData
from lmgeo.numerics.spectra import eee

_SMALL = 64  # rows or columns: up to here the eigenvalues of a cell cost next to nothing


def patchiness(counts: Int[ndarray, "M K"]) -> float:
    """Lloyd's index m*/m, m* = m + V/m − 1, per codebook; mean over codebooks.

    1 for points scattered at random, above 1 for clumped ones; least 1 − K/n (Lloyd 1967).
    """
    mean = counts.mean(axis=1)
    crowding = mean + counts.var(axis=1) / mean - 1
    return float((crowding / mean).mean())


def patchiness_released(counts: Int[ndarray, "M K"]) -> float:
    """What the first study's released code computes: counts pooled, with M times their mean.

    Equals 1 + (patchiness − 1)/M² − (M − 1)/(M²·μ), μ = n/K.
    """
    mean = counts.sum() / counts.shape[1]
    return float((mean + counts.var() / mean - 1) / mean)


def count_var(counts: Int[ndarray, "M K"]) -> float:
    """Variance of the odds p/(1 − p)·(K − 1) of the cells, p = count/n; mean over codebooks."""
    share = counts / counts.sum(axis=1, keepdims=True)
    full = np.flatnonzero((share == 1).any(axis=1))
    if full.size:
        raise NotEnoughData(f"all rows lie in one cell of codebook {full[0]}", "measure rows that differ")
    odds = share / (1 - share) * (counts.shape[1] - 1)
    return float(odds.var(axis=1).mean())


def count_kl(counts: Int[ndarray, "M K"]) -> float:
    """Kullback–Leibler divergence of the cell shares from even ones, in nats; mean over codebooks."""
    share = counts / counts.sum(axis=1, keepdims=True)
    terms = share * np.log(np.where(share > 0, share, 1) * counts.shape[1])
    return float(terms.sum(axis=1).mean())


def centroid_var(codebooks: ndarray) -> float:
    """Variance of the squared distances of centroids to their nearest other, over their largest.

    Args:
        codebooks: (M, K, d) centroids; distances are within a codebook, all M·K pooled.
    """
    from scipy.spatial.distance import cdist

    nearest = []
    for centroids in codebooks.astype(np.float64):
        squared = cdist(centroids, centroids, "sqeuclidean")
        np.fill_diagonal(squared, np.inf)
        nearest.append(squared.min(axis=1))
    pooled = np.concatenate(nearest)
    if pooled.max() == 0:
        raise NotEnoughData("every centroid has a twin at the same place", "measure more, or more varied, rows")
    return float((pooled / pooled.max()).var())


def error_iqr(errors: Float64[ndarray, " n"]) -> float:
    """Interquartile range of the rows' errors over the largest; percentiles interpolate linearly."""
    if errors.max() == 0:
        raise NotEnoughData("every row is met exactly by its cells", "measure more, or more varied, rows")
    low, high = np.percentile(errors / errors.max(), [25, 75])
    return float(high - low)


def error_skew(errors: Float64[ndarray, " n"]) -> float:
    """Skewness m₃/m₂^1.5 of the rows' errors."""
    deviation = errors - errors.mean()
    variance = (deviation**2).mean()
    if variance <= (1e-15 * np.abs(errors).max()) ** 2:
        raise NotEnoughData("all rows have the same quantization error", "measure more, or more varied, rows")
    return float((deviation**3).mean() / variance**1.5)


def cell_eee(rows: ndarray, ids: Int[ndarray, " n"], codes: Int[ndarray, "n M"], threads: int = 1) -> tuple[float, int]:
    """Mean, over all cells of all codebooks alike, of `eee` of a cell's distinct rows.

    Args:
        rows: (n, d) the rows, in any float type; sums are in float64.
        ids: one number for each distinct row: equal rows have equal ids.
        codes: each row's cell in each codebook.
        threads: cells worked on at once; the value does not depend on it.

    Returns:
        The mean, and how many non-empty cells were left out for want of two distinct rows.

    Raises:
        NotEnoughData: no cell holds two distinct rows.
    """
    members = [cell for column in codes.T for cell in _distinct_members(column, ids)]
    usable = [cell for cell in members if len(cell) > 1]
    if not usable:
        raise NotEnoughData("no cell holds two distinct rows", "measure more, or more varied, rows")
    # LAPACK runs outside the interpreter's lock; on matrices this small its own threads only wait
    with threadpool_limits(1, "blas"), ThreadPoolExecutor(threads) as pool:
        values = list(pool.map(lambda cell: _eee_of_rows(rows, cell), usable))
    return float(np.mean(values)), len(members) - len(usable)


def _distinct_members(cells: Int[ndarray, " n"], ids: Int[ndarray, " n"]) -> Iterator[Int[ndarray, " r"]]:
    """For each non-empty cell, one row number for each of its distinct rows."""
    pairs = cells.astype(np.int64) * (int(ids.max()) + 1) + ids
    first = np.unique(pairs, return_index=True)[1]  # by cell, then by id
    yield from np.split(first, np.flatnonzero(np.diff(cells[first])) + 1)


def _eee_of_rows(rows: Float[ndarray, "n d"], cell: Int[ndarray, " r"]) -> float:
    """`eee` of a few distinct rows, from whichever of covariance and Gram matrix is smaller."""
    least = min(len(cell), rows.shape[1])
    if least <= _SMALL or rows.dtype != np.float32:
        centred = _centred(rows[cell].astype(np.float64))
        return eee(_descending(np.linalg.eigvalsh(_smaller_product(centred))), least)
    from lmgeo.numerics.small_eigen import centred_rows, eigenvalues

    # most of the time goes here, and float32 takes two thirds of it: `eee` is then good to 1e-5
    values = eigenvalues(_smaller_product(centred_rows(rows, cell)))
    return eee(_descending(values.astype(np.float64)), least)


def _centred(rows: Float64[ndarray, "r d"]) -> Float64[ndarray, "r d"]:
    """The rows less their mean, over the greatest entry: squares of tiny differences would vanish."""
    centred = rows - rows.mean(axis=0)
    centred /= max(centred.max(), -centred.min())
    return centred


def _descending(values: Float64[ndarray, " k"]) -> Float64[ndarray, " k"]:
    return np.maximum(values[::-1], 0.0)


def _smaller_product(rows: ndarray) -> ndarray:
    return rows @ rows.T if rows.shape[0] < rows.shape[1] else rows.T @ rows
