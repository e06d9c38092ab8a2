"""Each level of a factor predicted by least squares from all the others, from sums over levels.

What is fitted without a level follows from the sums over all rows less that level's own, so that a
further predictor costs a few sums instead of one fit a level (Frisch & Waugh 1933; Lovell 1963).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from lmgeo.core.arrays import Bool, Float, Int, ndarray

_GONE = 1e-9  # share of a predictor's variance in the training rows below which nothing is learnt from it


@dataclass(frozen=True)
class Predictions:
    """Predictions of rows that were not trained on.

    Attributes:
        values: one a row, NaN where the training rows are too few.
        mean: the training rows' mean target.
        spread: standard error of a new observation there: the training residuals' and the fit's.
        freedom: degrees of freedom of the training residuals.
    """

    values: Float[ndarray, " n"]
    mean: Float[ndarray, " n"]
    spread: Float[ndarray, " n"]
    freedom: Int[ndarray, " n"]


@dataclass(frozen=True)
class LevelFolds:
    """A least squares design without each level of a factor in turn.

    Attributes:
        labels: the level of each row, ascending, 0 … l − 1.
        starts: first row of each level.
        trained: training rows without each level, (l,).
        columns: predictors less their training mean without the row's level, (n, p).
        mean: that training mean, (l, p).
        known: predictors that can be used for each level, (l, p).
        inverse: pseudo-inverse of the training rows' products, (l, p, p).
        rank: independent predictors among the training rows, (l,).
        raw: predictors as given, (n, p).
    """

    labels: Int[ndarray, " n"]
    starts: Int[ndarray, " l"]
    trained: Int[ndarray, " l"]
    columns: Float[ndarray, "n p"]
    mean: Float[ndarray, "l p"]
    known: Bool[ndarray, "l p"]
    inverse: Float[ndarray, "l p p"]
    rank: Int[ndarray, " l"]
    raw: Float[ndarray, "n p"]

    @classmethod
    def of(
        cls, predictors: Float[ndarray, "n p"], labels: Int[ndarray, " n"], known: Bool[ndarray, "l p"]
    ) -> LevelFolds:
        """Prepare a design.

        Args:
            predictors: standardised columns; aliased ones share their weight (least norm).
            labels: the level of each row, ascending, every level 0 … l − 1 present.
            known: predictors that can be used for each level.
        """
        starts = np.flatnonzero(np.diff(labels, prepend=-1))
        trained = len(labels) - np.bincount(labels)
        parts = np.split(predictors, starts[1:])
        mean = _others(np.stack([part.sum(axis=0) for part in parts])) / np.maximum(trained, 1)[:, None]
        products = _others(np.stack([part.T @ part for part in parts]))
        products -= trained[:, None, None] * mean[:, :, None] * mean[:, None, :]
        products *= known[:, :, None] & known[:, None, :]
        values, vectors = np.linalg.eigh(products)
        sound = values > _GONE * len(labels)
        weights = np.where(sound, 1.0 / np.where(sound, values, 1.0), 0.0)
        inverse = (vectors * weights[:, None, :]) @ np.swapaxes(vectors, 1, 2)
        columns = np.where(known[labels], predictors - mean[labels], 0.0)
        return cls(labels, starts, trained, columns, mean, known, inverse, sound.sum(axis=1), predictors)

    def predict(self, y: Float[ndarray, " n"], x: Float[ndarray, " n"] | None = None) -> Predictions:
        """Predict each level's `y` from the other levels, with `x` as one more predictor where given.

        Args:
            y, x: standardised.
        """
        y_mean, y_square, y_cross = self._sums(y, y)
        weights = np.einsum("lpq,lq->lp", self.inverse, y_cross)
        left = y_square - np.einsum("lp,lp->l", y_cross, weights)
        values, wide, freedom = self._base(y_mean, weights)
        if x is not None:
            slope, z, square, shared = self._beside(x, y, weights)
            values = values + slope[self.labels] * z
            left = left - slope * shared
            wide = wide + z**2 / square[self.labels]
            freedom = freedom - np.isfinite(square)
        variance = np.maximum(left, 0.0) / np.maximum(freedom, 1)
        spread = np.sqrt(variance[self.labels] * wide)
        values = np.where(freedom[self.labels] < 1, np.nan, values)
        return Predictions(values, y_mean[self.labels], spread, freedom[self.labels])

    def _base(self, y_mean: ndarray, weights: ndarray) -> tuple[ndarray, ndarray, ndarray]:
        """Predictions without a further predictor, their variance over the residuals', degrees of freedom."""
        values = y_mean[self.labels] + np.einsum("np,np->n", self.columns, weights[self.labels])
        parts = zip(np.split(self.columns, self.starts[1:]), self.inverse, strict=True)
        leverage = np.concatenate([np.einsum("np,np->n", part @ inverse, part) for part, inverse in parts])
        wide = 1.0 + 1.0 / np.maximum(self.trained, 1)[self.labels] + leverage
        return values, wide, self.trained - 1 - self.rank

    def _beside(self, x: ndarray, y: ndarray, weights: ndarray) -> tuple[ndarray, ndarray, ndarray, ndarray]:
        """A further predictor's slope a level, what the others leave of it (rows; square; product with y).

        Where nothing is left of it the slope is 0 and the square infinite.
        """
        x_mean, x_square, x_cross = self._sums(x, x)
        _, product, y_cross = self._sums(y, x)
        of_others = np.einsum("lpq,lq->lp", self.inverse, x_cross)
        square = x_square - np.einsum("lp,lp->l", x_cross, of_others)
        square = np.where(square > _GONE * len(x), square, np.inf)
        shared = product - np.einsum("lp,lp->l", y_cross, of_others)
        z = x - x_mean[self.labels] - np.einsum("np,np->n", self.columns, of_others[self.labels])
        return shared / square, z, square, shared

    def _sums(self, v: ndarray, other: ndarray) -> tuple[ndarray, ndarray, ndarray]:
        """Of v in the training rows without each level: mean, centred products with another and the predictors."""
        trained = np.maximum(self.trained, 1)
        mean = _others(np.add.reduceat(v, self.starts)) / trained
        other_mean = mean if other is v else _others(np.add.reduceat(other, self.starts)) / trained
        product = _others(np.add.reduceat(v * other, self.starts)) - trained * mean * other_mean
        cross = _others(np.add.reduceat(self.raw * v[:, None], self.starts, axis=0))
        cross = (cross - (trained * mean)[:, None] * self.mean) * self.known
        return mean, product, cross


def _others(sums: ndarray) -> ndarray:
    """Sums over all levels but each."""
    return sums.sum(axis=0) - sums
