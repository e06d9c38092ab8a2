"""Which rows are held out together."""

from __future__ import annotations

import numpy as np

from lmgeo.core.arrays import Int, ndarray
from lmgeo.core.seeds import numpy_stream

FOLDS = 5
REPEATS = 10
_LEAST_ROWS = 2 * FOLDS


def fold_of_rows(groups: Int[ndarray, " n"], folds: int, seed: int, repeat: int) -> Int[ndarray, " n"]:
    """The fold of each row: whole groups, largest first, each to the fold that is smallest so far."""
    random = numpy_stream(seed, "analysis", "folds", str(repeat))
    sizes = np.bincount(groups)
    shuffled = random.permutation(len(sizes))
    if len(sizes) == len(groups):  # every row for itself
        return np.argsort(shuffled)[groups] % folds
    load = np.zeros(folds)
    fold = np.empty(len(sizes), dtype=np.int64)
    for group in shuffled[np.argsort(-sizes[shuffled], kind="stable")]:
        fold[group] = int(np.argmin(load))
        load[fold[group]] += sizes[group]
    return fold[groups]


def splits_of(labels: Int[ndarray, " n"], seed: int) -> list[Int[ndarray, " n"]]:
    """The fold of each row in each of `REPEATS` splits; as many folds as `folds_of` says."""
    return [fold_of_rows(labels, folds_of(labels), seed, repeat) for repeat in range(REPEATS)]


def folds_of(labels: Int[ndarray, " n"]) -> int:
    """How many folds the groups allow."""
    return min(FOLDS, int(labels.max(initial=-1)) + 1)


def members(split: Int[ndarray, " n"]) -> list[Int[ndarray, " m"]]:
    """The rows of each fold."""
    return [np.flatnonzero(split == fold) for fold in range(int(split.max()) + 1)]


def labels_of(levels: ndarray) -> Int[ndarray, " n"]:
    """Groups numbered 0 … count − 1."""
    return np.unique(levels, return_inverse=True)[1].astype(np.int64)


def too_small(n: int, controls: int, folds: int) -> str | None:
    """Why so few rows cannot be cross-validated, or None where they can."""
    if folds < 2:
        return "one group only; nothing to hold out"
    least = max(_LEAST_ROWS, 2 * (controls + 2))
    return f"{n} complete rows for {controls + 1} predictors; at least {least} are needed" if n < least else None
