"""Mean and centred scatter of a cloud, exact under merging and shifts, in float64.

Raw sums of squares lose every digit on coordinates whose mean is large, so rows are first
taken relative to the first one: a constant column then has a scatter of exactly zero.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

import numpy as np

from lmgeo.core.arrays import Float, Float64, Int, ndarray

_CHUNK_VALUES = 4_000_000  # 32 MB in float64: a chunk is copied, a whole cloud never is
Products = Literal["float64", "float32"]


def row_chunks(n: int, d: int) -> Iterator[slice]:
    """Slices of n rows of d columns, each small enough to be copied to float64."""
    step = max(1, _CHUNK_VALUES // max(1, d))
    return (slice(start, min(start + step, n)) for start in range(0, n, step))


def mean_and_scatter(
    rows: Float[ndarray, "n d"], products: Products = "float64"
) -> tuple[Float64[ndarray, " d"], Float64[ndarray, "d d"]]:
    """Column means and Σ (x − x̄)(x − x̄)ᵀ of all rows; zeros for no rows.

    Args:
        rows: of any float type.
        products: `float32` multiplies centred rows in single precision, about twice as fast and good to
            some 1e-6 of the greatest entry; sums over chunks, means and the centring stay in float64.
    """
    n, d = rows.shape
    count, mean, scatter = 0, np.zeros(d), np.zeros((d, d))
    for part in row_chunks(n, d):
        more = _of_chunk(rows[part], products)
        mean, scatter = merge_moments(count, mean, scatter, part.stop - part.start, *more)
        count = part.stop
    return mean, scatter


def _of_chunk(
    rows: Float[ndarray, "n d"], products: Products
) -> tuple[Float64[ndarray, " d"], Float64[ndarray, "d d"]]:
    first = rows[0].astype(np.float64)
    with np.errstate(over="ignore", invalid="ignore"):  # a reader of the state reports overflow
        centred = np.subtract(rows, first, dtype=np.float64)
        offset = centred.mean(axis=0)
        centred -= offset
        factor = centred.astype(products, copy=False)
        return first + offset, (factor.T @ factor).astype(np.float64, copy=False)


def merge_moments(
    count_a: int,
    mean_a: Float64[ndarray, " d"],
    scatter_a: Float64[ndarray, "d d"],
    count_b: int,
    mean_b: Float64[ndarray, " d"],
    scatter_b: Float64[ndarray, "d d"],
) -> tuple[Float64[ndarray, " d"], Float64[ndarray, "d d"]]:
    """Mean and scatter of two clouds together (Chan, Golub & LeVeque 1983)."""
    if count_a == 0 or count_b == 0:
        return (mean_b.copy(), scatter_b.copy()) if count_a == 0 else (mean_a.copy(), scatter_a.copy())
    total = count_a + count_b
    with np.errstate(over="ignore", invalid="ignore"):
        step = mean_b - mean_a
        mean = mean_a + step * (count_b / total)
        between = np.outer(step, step * (count_a * (count_b / total)))
        return mean, scatter_a + scatter_b + between


def pool_moments(
    counts: Int[ndarray, " g"], means: Float64[ndarray, "g d"], scatters: Float64[ndarray, "g d d"]
) -> tuple[Float64[ndarray, " d"], Float64[ndarray, "d d"]]:
    """Mean and scatter of many clouds together, none of them empty; zeros for no cloud.

    Means are taken relative to the first one, so that a column constant throughout has a scatter of exactly zero.
    """
    if not len(counts):
        return np.zeros(means.shape[1]), np.zeros(scatters.shape[1:])
    with np.errstate(over="ignore", invalid="ignore"):
        steps = means - means[0]
        offset = (counts / counts.sum()) @ steps
        between = np.sqrt(counts)[:, None] * (steps - offset)
        return means[0] + offset, scatters.sum(axis=0) + between.T @ between
