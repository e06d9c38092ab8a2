"""What columns add to gradient-boosted trees on the controls: bends and interactions that no line shows.

Both models start from least squares on the controls and boost what it leaves: trees alone draw a
slope as a flight of steps, and a measure that merely follows a control would gain by smoothing it.
Histogram trees of scikit-learn with small fixed settings, on one thread. Columns enter as ranks,
which changes no split and keeps extreme values harmless. Source: Friedman 2001, Greedy function
approximation: a gradient boosting machine.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from lmgeo.analysis.incremental.folds import labels_of, members, splits_of
from lmgeo.analysis.incremental.intervals import corrected_interval
from lmgeo.analysis.moments import about, inverse, scaled
from lmgeo.analysis.one_thread import one_thread
from lmgeo.analysis.rows import is_constant
from lmgeo.analysis.weighting import too_few_groups
from lmgeo.core.arrays import Float, Int, ndarray
from lmgeo.core.seeds import numpy_stream

REPEATS = 2
LEAST_ROWS = 30
MOST_ROWS = 2000  # of a longer table a seeded sample
MOST_MEASURES = 100
MOST_CONTROLS = 50
SETTINGS: dict[str, Any] = {
    "learning_rate": 0.15, "max_iter": 20, "max_leaf_nodes": 4, "min_samples_leaf": 10, "max_bins": 63,
    "early_stopping": False, "random_state": 0,
}  # fmt: skip


def too_much_for_trees(measures: int, controls: int) -> str | None:
    """Why no trees are fitted for so many columns, or None where they are."""
    if measures > MOST_MEASURES:
        return f"no boosted trees for {measures} measures at once; name {MOST_MEASURES} or fewer"
    if controls > MOST_CONTROLS:
        return f"no boosted trees on {controls} control columns; {MOST_CONTROLS} at most"
    return None


@dataclass(frozen=True)
class Trees:
    """The controls' trees, each row predicted by those that never saw its fold.

    Attributes:
        design: the controls.
        rows: the rows that are used, of all that were given.
        labels: their groups.
        folds: for each repeat, the rows of each fold and what least squares on the controls,
            fitted on the other folds, leaves of the target on all rows.
        spread: variance of the target.
        errors: squared error of each row, (repeats, rows).
    """

    design: Float[ndarray, "m k"]
    rows: Int[ndarray, " m"]
    labels: Int[ndarray, " m"]
    folds: list[list[tuple[ndarray, ndarray]]]
    spread: float
    errors: Float[ndarray, "r m"]

    @classmethod
    def of(
        cls, design: Float[ndarray, "n k"], y: Float[ndarray, " n"], labels: Int[ndarray, " n"], seed: int
    ) -> Trees | str:
        """Fit the controls alone, or say why they cannot be fitted."""
        if len(y) < LEAST_ROWS:
            return f"no boosted trees on {len(y)} rows; at least {LEAST_ROWS} are needed"
        rows = _sample(len(y), seed)
        kept, held, target = labels_of(labels[rows]), scaled(design[rows]), scaled(y[rows, None])[:, 0]
        if kept.max() == 0 or is_constant(target):
            return f"no boosted trees: the {len(rows)} rows sampled are one group, or have one value of the target"
        with one_thread():
            splits = splits_of(kept, seed)[:REPEATS]
            folds = [[(fold, _left(held, target, fold)) for fold in members(split)] for split in splits]
        return cls(held, rows, kept, folds, float(np.var(target)), _errors(held, folds))

    def gain(self, columns: Float[ndarray, "n m"]) -> dict[str, Any]:
        """R² of the controls, what the columns add to it, its interval, and how it was had.

        Args:
            columns: over all the rows that were given.
        """
        beside = _errors(np.column_stack([self.design, columns[self.rows]]), self.folds)
        better = (self.errors - beside) / self.spread
        by_fold = [
            [float(row[fold].mean()) for fold, _ in pairs] for row, pairs in zip(better, self.folds, strict=True)
        ]
        gain, unused = float(better.mean()), not np.any(better)
        found = {
            "baseline_r2": 1.0 - float(self.errors.mean()) / self.spread,
            "delta_r2": gain,
            "ci": None if unused or too_few_groups(self.labels) else corrected_interval(np.array(by_fold), gain),
            "n": len(self.rows),
            "repeats": len(self.folds),
        }
        return {**found, "reason": "no tree splits on it, so there is nothing to vary"} if unused else found


def _sample(n: int, seed: int) -> Int[ndarray, " m"]:
    if n <= MOST_ROWS:
        return np.arange(n)
    return np.sort(numpy_stream(seed, "analysis", "trees", "rows").choice(n, MOST_ROWS, replace=False))


def _left(design: Float[ndarray, "m k"], y: Float[ndarray, " m"], out: ndarray) -> Float[ndarray, " m"]:
    """What least squares on the rows that are not `out` leaves of the target, on all rows."""
    grams = np.column_stack([np.ones(len(y)), design, y])
    kept = np.delete(grams, out, axis=0)
    inside, means = kept.T @ kept, kept.mean(axis=0)
    train = about(inside, means)
    return y - means[-1] - (design - means[1:-1]) @ (inverse(train[:-1, :-1], float(len(kept))) @ train[:-1, -1])


def _errors(columns: Float[ndarray, "m k"], folds: list[list[tuple[ndarray, ndarray]]]) -> Float[ndarray, "r m"]:
    """Squared error of each row when it is out of fold, in each split."""
    from sklearn import config_context
    from sklearn.ensemble import HistGradientBoostingRegressor

    ranks = np.column_stack([np.unique(column, return_inverse=True)[1] for column in columns.T]).astype(np.float64)
    errors = np.empty((len(folds), len(columns)))
    with one_thread(), config_context(assume_finite=True, skip_parameter_validation=True):
        for row, pairs in zip(errors, folds, strict=True):
            for out, left in pairs:
                kept = np.delete(np.arange(len(columns)), out)
                model = HistGradientBoostingRegressor(**SETTINGS).fit(ranks[kept], left[kept])
                row[out] = (left[out] - model.predict(ranks[out])) ** 2
    return errors
