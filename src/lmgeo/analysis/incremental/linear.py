"""What one column adds to least squares on the controls, in one split, under many weightings of the rows at once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from lmgeo.analysis.moments import FLAT, GONE, about, inverse, means_of
from lmgeo.analysis.weighting import weighted_grams
from lmgeo.core.arrays import Float, Int, ndarray


@dataclass(frozen=True)
class Baseline:
    """The controls' fits on all folds but one, for each fold f left out and each weighting b.

    Attributes:
        rows: the rows of each fold.
        weights: of those rows, (b, rows of the fold).
        columns: constant 1, the k controls, the target; (n, k + 2).
        outside: sums of products of `columns` over each fold, (f, b, k + 2, k + 2).
        solved: inverse products of the controls on the other folds, (f, b, k, k).
        of_target: the controls' coefficients there, (f, b, k).
        error: sum of squared errors out of fold, (b,).
        spread: sum of squares of the target about its mean, (b,).
    """

    rows: Sequence[Int[ndarray, " m"]]
    weights: Sequence[Float[ndarray, "b m"]]
    columns: Float[ndarray, "n q"]
    outside: Float[ndarray, "f b q q"]
    solved: Float[ndarray, "f b k k"]
    of_target: Float[ndarray, "f b k"]
    error: Float[ndarray, " b"]
    spread: Float[ndarray, " b"]

    @classmethod
    def of(
        cls,
        design: Float[ndarray, "n k"],
        y: Float[ndarray, " n"],
        rows: Sequence[Int[ndarray, " m"]],
        weights: Float[ndarray, "n b"],
    ) -> Baseline:
        """Fit the controls on all folds but one, in turn."""
        columns = np.column_stack([np.ones(len(y)), design, y])
        outside = np.stack([weighted_grams(columns[fold], weights[fold]) for fold in rows])
        train, test = _train_and_test(outside)
        solved = inverse(train[..., :-1, :-1], _weight(outside))
        of_target = _times(solved, train[..., :-1, -1])
        parts = [np.ascontiguousarray(weights[fold].T) for fold in rows]
        whole = outside.sum(axis=0)
        spread = about(whole, means_of(whole))[:, -1, -1]
        return cls(rows, parts, columns, outside, solved, of_target, _error(test, _beside(-of_target, 1.0)), spread)

    def gain(self, x: Float[ndarray, " n"]) -> Float[ndarray, " b"]:
        """By how much the sum of squared errors out of fold falls when `x` joins the controls.

        Its coefficient is that of what the controls leave of the target on what they leave of `x`
        (Frisch & Waugh 1933). Where they leave nothing of it on the training rows, it adds nothing.
        """
        train, test = _train_and_test(self._with(x))
        k = self.solved.shape[-1]
        of_x = _times(self.solved, train[..., :k, -1])
        shared = train[..., k, -1] - _dot(of_x, train[..., :k, k])
        left = train[..., -1, -1] - _dot(of_x, train[..., :k, -1])
        sound = left > np.maximum(GONE * train[..., -1, -1], FLAT * _weight(self.outside))
        slope = np.where(sound, shared / np.where(sound, left, 1.0), 0.0)
        coefficients = _beside(slope[..., None] * of_x - self.of_target, 1.0, -slope)
        return self.error - _error(test, coefficients)

    def _with(self, x: Float[ndarray, " n"]) -> ndarray:
        """`outside` with one more row and column, for `x`."""
        products = np.column_stack([x[:, None] * self.columns, x * x])
        sums = np.stack([weight @ products[fold] for fold, weight in zip(self.rows, self.weights, strict=True)])
        grams = np.concatenate([self.outside, sums[..., None, :-1]], axis=-2)
        return np.concatenate([grams, sums[..., None]], axis=-1)


def _train_and_test(outside: Float[ndarray, "f b q q"]) -> tuple[ndarray, ndarray]:
    """Sums of products over all folds but one and over that one, both about the means of the first."""
    inside = outside.sum(axis=0) - outside
    means = means_of(inside)
    return about(inside, means), about(outside, means)


def _weight(outside: Float[ndarray, "f b q q"]) -> Float[ndarray, "f b"]:
    """Of the rows of all folds but one."""
    return outside[..., 0, 0].sum(axis=0) - outside[..., 0, 0]


def _beside(first: ndarray, *others: ndarray | float) -> ndarray:
    columns = [np.broadcast_to(other, first.shape[:-1])[..., None] for other in others]
    return np.concatenate([first, *columns], axis=-1)


def _times(matrices: ndarray, vectors: ndarray) -> ndarray:
    return np.einsum("fbkl,fbl->fbk", matrices, vectors)


def _dot(a: ndarray, b: ndarray) -> ndarray:
    return np.einsum("fbk,fbk->fb", a, b)


def _error(test: ndarray, coefficients: ndarray) -> Float[ndarray, " b"]:
    """Squared size of that combination of the columns, over all folds."""
    return np.sum(_dot(coefficients, _times(test, coefficients)), axis=0)
