"""Least squares from products alone: predictors taken out one after another, for many responses at once.

Taking a predictor out of a cross-product matrix (the sweep, a step of Gaussian elimination) leaves
the products of what it does not explain. A set of predictors then costs one step more than the set
without its last, so that the R² of every subset is had from one matrix. All steps are element by
element: a response's figures are the same to the bit whatever other responses stand beside it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from lmgeo.core.arrays import Float, Int, ndarray

GONE = 1e-9  # share of a predictor's square left at which those taken out determine it


@dataclass(frozen=True)
class Swept:
    """Products of predictors and responses, less what the predictors taken out explain.

    Attributes:
        gram: products of the predictors with one another, (g, p, p), one a set of rows; predictors
            that vary had length one before anything was taken out.
        cross: products of the predictors with the responses, (g, p, m).
        left: squares of the responses, (g, m).
        rank: how many independent predictors were taken out, (g,).
    """

    gram: Float[ndarray, "g p p"]
    cross: Float[ndarray, "g p m"]
    left: Float[ndarray, "g m"]
    rank: Int[ndarray, " g"]

    def take(self, width: int) -> Swept:
        """The first `width` predictors taken out; one that the others determine takes nothing with it."""
        gram, cross, left, rank = self.gram, self.cross, self.left, self.rank
        for _ in range(width):
            pivot = gram[:, 0, 0]
            sound = pivot > GONE
            inverse = np.where(sound, 1.0 / np.where(sound, pivot, 1.0), 0.0)
            others, first = gram[:, 0, 1:], cross[:, 0]
            share = others * inverse[:, None]
            left = left - first**2 * inverse[:, None]
            cross = cross[:, 1:] - share[:, :, None] * first[:, None, :]
            gram = gram[:, 1:, 1:] - share[:, :, None] * others[:, None, :]
            rank = rank + sound
        return Swept(gram, cross, np.maximum(left, 0.0), rank)

    def drop(self, width: int) -> Swept:
        """The first `width` predictors forgotten."""
        return Swept(self.gram[:, width:, width:], self.cross[:, width:], self.left, self.rank)

    def select(self, columns: Int[ndarray, " s"]) -> Swept:
        """Some of the predictors, in the order given."""
        return Swept(self.gram[:, columns[:, None], columns], self.cross[:, columns], self.left, self.rank)


def unit_columns(columns: Float[ndarray, "n p"]) -> Float[ndarray, "n p"]:
    """Columns centred and of length one; a column that is constant but for rounding becomes zero."""
    high, low = columns.max(axis=0, initial=-np.inf), columns.min(axis=0, initial=np.inf)
    size = np.maximum(high, -low)
    varies = (size > 0.0) & (high / np.where(size > 0.0, size, 1.0) - low / np.where(size > 0.0, size, 1.0) > 1e-13)
    scaled = columns / np.where(varies, size, 1.0)  # no square overflows
    scaled -= scaled.mean(axis=0)
    scaled[:, ~varies] = 0.0
    scaled /= np.where(varies, np.sqrt(np.einsum("np,np->p", scaled, scaled)), 1.0)
    return scaled
