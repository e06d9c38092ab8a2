"""Parallel analysis: how many dimensions a correlation matrix has beyond what chance alone gives.

Sources: Horn 1965; the 95th percentile in place of the mean, Glorfeld 1995.
"""

from __future__ import annotations

import numpy as np

from lmgeo.core.arrays import Float, ndarray
from lmgeo.core.seeds import numpy_stream

PERCENTILE = 95.0
_DRAWS = 500
_LEAST_DRAWS = 20
_PRODUCTS = 2e9  # multiplications spent on draws


def chance_eigenvalues(rows: int, columns: int, seed: int) -> Float[ndarray, " p"]:
    """95th percentile of each eigenvalue of the rank correlation matrix of independent columns, descending.

    Rank correlations of independent columns have mean 0 and variance 1/(rows − 1), whatever the
    columns' ties, and are uncorrelated; so have correlations of independent normal columns, whose
    matrix is drawn straight from its triangular factor (Bartlett 1933) instead of from `rows` rows.
    Over 500 draws, fewer (at least 20) for more than some 100 columns.

    Args:
        rows: how many rows the columns have, at least 2.
        columns: how many columns, at least 1.
        seed: of the draws.
    """
    random = numpy_stream(seed, "parallel_analysis", str(rows), str(columns))
    draws = int(np.clip(_PRODUCTS / columns**3 / 4, _LEAST_DRAWS, _DRAWS))
    found = np.stack([_chance(rows, columns, random) for _ in range(draws)])
    return np.percentile(found, PERCENTILE, axis=0)


def dimensions(eigenvalues: Float[ndarray, " p"], thresholds: Float[ndarray, " p"]) -> int:
    """How many of the leading eigenvalues exceed what chance gives, up to the first that does not."""
    beyond = eigenvalues > thresholds
    return int(len(beyond) if beyond.all() else np.argmin(beyond))


def _chance(rows: int, columns: int, random: np.random.Generator) -> Float[ndarray, " p"]:
    freedom = min(columns, rows - 1)
    factor = np.tril(random.standard_normal((columns, freedom)), -1)
    factor[np.arange(freedom), np.arange(freedom)] = np.sqrt(random.chisquare(rows - 1 - np.arange(freedom)))
    factor /= np.sqrt(np.einsum("pf,pf->p", factor, factor))[:, None]
    return np.linalg.eigvalsh(factor @ factor.T)[::-1]
