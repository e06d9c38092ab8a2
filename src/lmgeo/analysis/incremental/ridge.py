"""Many columns at once beside the controls: ridge regression whose penalty is chosen inside the training rows.

Plain least squares on sixty columns that say nearly the same thing fits noise and predicts worse
than the controls alone. Here the controls are left free and the columns are held back by a penalty
on the squares of their coefficients. The penalty that predicts best is searched on the training
folds, each of them held out in turn, whole groups together; no penalty too large is left out: the
greatest is infinite, which leaves the columns out. Source: Hoerl & Kennard 1970, Ridge regression.
"""

from __future__ import annotations

from itertools import combinations

import numpy as np

from lmgeo.analysis.incremental.folds import members
from lmgeo.analysis.moments import about, inverse, means_of
from lmgeo.core.arrays import Float, Int, ndarray

PENALTIES = np.concatenate([[np.inf], np.logspace(3.0, -4.0, 22)])  # times the training rows, columns at variance 1
MOST_COMPONENTS = 200
LEAST_FOLDS = 3  # one to test on, one to choose the penalty on, one to fit on
_FLAT = 1e-10


def components(columns: Float[ndarray, "n m"]) -> Float[ndarray, "n r"]:
    """The columns turned to their principal axes, the `MOST_COMPONENTS` with most variance.

    Ridge does not see a rotation, so nothing changes with up to that many columns, and what is
    left out of more is what the penalty holds back most. The target takes no part in it.

    Args:
        columns: each with mean 0 and variance 1.
    """
    wide = columns.shape[0] < columns.shape[1]
    values, axes = np.linalg.eigh(columns @ columns.T if wide else columns.T @ columns)
    kept = np.argsort(-values)[:MOST_COMPONENTS]
    kept = kept[values[kept] > _FLAT * values[kept[0]]]
    return axes[:, kept] * np.sqrt(values[kept]) if wide else columns @ axes[:, kept]


def errors_of_folds(
    design: Float[ndarray, "n k"], columns: Float[ndarray, "n m"], y: Float[ndarray, " n"], split: Int[ndarray, " n"]
) -> tuple[Float[ndarray, " f"], Float[ndarray, " f"]]:
    """Sum of squared errors on each fold, by the controls alone and with the columns at the penalty chosen.

    Args:
        design: the controls.
        columns: what joins them, each with mean 0.
        y: the target.
        split: the fold of each row, `LEAST_FOLDS` at least.
    """
    grams = _grams(np.column_stack([np.ones(len(y)), design, columns, y]), split)
    k = design.shape[1]
    errors = np.array([_path(grams, k, (fold,))[0] for fold in range(len(grams))])  # (f, penalties)
    chosen = np.argmin(_inner(grams, k), axis=1)
    return errors[:, 0], errors[np.arange(len(grams)), chosen]


def _grams(columns: Float[ndarray, "n q"], split: Int[ndarray, " n"]) -> Float[ndarray, "f q q"]:
    return np.stack([columns[fold].T @ columns[fold] for fold in members(split)])


def _inner(grams: Float[ndarray, "f q q"], k: int) -> Float[ndarray, "f penalties"]:
    """For each fold left out, the error on the others, each of them held out in turn as well."""
    total = np.zeros((len(grams), len(PENALTIES)))
    for first, second in combinations(range(len(grams)), 2):
        on_first, on_second = _path(grams, k, (first, second))
        total[first] += on_second
        total[second] += on_first
    return total


def _path(grams: Float[ndarray, "f q q"], k: int, out: tuple[int, ...]) -> list[Float[ndarray, " penalties"]]:
    """The error on each of the folds `out` of fits on all others, for every penalty."""
    inside = np.delete(grams, out, axis=0).sum(axis=0)
    means = means_of(inside)
    coefficients = _coefficients(about(inside, means), k, float(inside[0, 0]))
    return [np.einsum("pq,qr,pr->p", coefficients, about(grams[f], means), coefficients) for f in out]


def _coefficients(train: Float[ndarray, "q q"], k: int, rows: float) -> Float[ndarray, "penalties q"]:
    """Minus the coefficients of controls and columns, then 1 for the target, for every penalty."""
    free = inverse(train[:k, :k], rows) @ train[:k, k:]  # of the columns and the target on the controls
    left = train[k:, k:] - train[k:, :k] @ free
    values, axes = np.linalg.eigh(left[:-1, :-1])
    shared = axes.T @ left[:-1, -1]
    held = shared / (np.maximum(values, 0.0) + PENALTIES[:, None] * rows) @ axes.T  # 0 where the penalty is infinite
    return np.column_stack([held @ free[:, :-1].T - free[:, -1], -held, np.ones(len(PENALTIES))])
