"""Least squares from sums of products: a fit and its error on other rows without touching the rows again."""

from __future__ import annotations

import numpy as np

from lmgeo.core.arrays import Float, ndarray

_RANK = 1e-10  # of the greatest eigenvalue; a combination of columns that varies less is left out
FLAT = 1e-12  # mean square, of a column within −1 … 1, below which it does not vary on some rows
GONE = 1e-9  # share of a column's variance left at which it is taken as determined by the others


def about(grams: Float[ndarray, "*b q q"], means: Float[ndarray, "*b q"]) -> Float[ndarray, "*b p p"]:
    """Sums of products about given means, without the first column, which is constant 1; p = q − 1."""
    total = grams[..., :1, :1]
    middle, sums = means[..., 1:, None], grams[..., 1:, :1]
    across = sums @ np.swapaxes(middle, -1, -2)
    return grams[..., 1:, 1:] - across - np.swapaxes(across, -1, -2) + total * (middle @ np.swapaxes(middle, -1, -2))


def means_of(grams: Float[ndarray, "*b q q"]) -> Float[ndarray, "*b q"]:
    """Means of the columns, from sums with the constant column."""
    return grams[..., 0, :] / grams[..., 0, :1]


def inverse(grams: Float[ndarray, "*b k k"], rows: ndarray | float) -> Float[ndarray, "*b k k"]:
    """The inverse that gives no weight to what does not vary: a level absent from the rows, a doubled column.

    Args:
        grams: sums of products about the means, of columns within −1 … 1.
        rows: how many rows, or their total weight, (*b).
    """
    sizes = np.diagonal(grams, axis1=-2, axis2=-1)
    varies = sizes > FLAT * np.asarray(rows)[..., None]
    scale = np.where(varies, 1.0 / np.sqrt(np.where(varies, sizes, 1.0)), 0.0)
    both = scale[..., :, None] * scale[..., None, :]  # as correlations, so that units do not decide what varies
    return both * np.linalg.pinv(grams * both, rcond=_RANK, hermitian=True)


def scaled(columns: Float[ndarray, "n k"]) -> Float[ndarray, "n k"]:
    """Each column about its mean, within −1 … 1, so that no product overflows; a flat column is 0."""
    centred = columns - columns.mean(axis=0)
    spread = np.max(np.abs(centred), axis=0, initial=0.0)
    return centred / np.where(spread > 0.0, spread, 1.0)


def span(design: Float[ndarray, "n k"]) -> Float[ndarray, "n r"]:
    """Orthonormal columns that span the design's, each about its mean."""
    basis, sizes, _ = np.linalg.svd(scaled(design), full_matrices=False)
    return basis[:, sizes > _RANK * np.max(sizes, initial=0.0)]


def unexplained(spanned: Float[ndarray, "n r"], column: Float[ndarray, " n"]) -> float:
    """The share of a column's variance that lies outside what a design spans, 0 … 1."""
    wanted = scaled(column[:, None])[:, 0]
    left = wanted - spanned @ (spanned.T @ wanted)
    return float(left @ left / (wanted @ wanted))
