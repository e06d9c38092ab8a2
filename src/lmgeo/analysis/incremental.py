"""Does a measure predict what the controls do not? Cross-validated R² gained by adding it.

Out-of-fold predictions of two linear models, controls and controls + measure, on the same
folds; R² is one minus their squared error over that of the target's mean. Rows that share a
base go into one fold: they are near copies, and would let a model recognise what it is tested
on. The split is repeated, and the interval is a bootstrap over rows (or whole groups) of the
out-of-fold squared errors averaged over the repeats: it holds the fits fixed, and so speaks of
which models were sampled and not of how the folds fell. Fewer than five groups give no interval.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from lmgeo.analysis.bootstrap import percentile_interval, resample_counts
from lmgeo.analysis.controls import Controls
from lmgeo.analysis.rows import alike, unusable
from lmgeo.core.arrays import Float, Int, ndarray
from lmgeo.core.seeds import numpy_stream

FOLDS = 5
REPEATS = 10
_LEAST_ROWS = 2 * FOLDS
_LEAST_GROUPS = 5  # fewer, and a bootstrap over them says nothing


def incrementals(
    measures: Mapping[str, Float[ndarray, " n"]],
    target: Float[ndarray, " n"],
    controls: Controls,
    groups: tuple[str, ndarray] | None,
    seed: int,
) -> list[dict[str, Any]]:
    """One entry a measure: the controls' cross-validated R², and what the measure adds to it.

    Args:
        measures: values by name, NaN where missing.
        target: the score, NaN where missing.
        controls: the baseline's columns.
        groups: name and level of what must not be split over folds.
        seed: of the folds and the bootstrap.
    """
    entries: dict[str, dict[str, Any]] = {}
    for names, rows in alike(measures, np.isfinite(target) & controls.complete):
        labels = _labels(groups[1][rows]) if groups else np.arange(int(rows.sum()))
        columns = {name: measures[name][rows] for name in names}
        entries |= _on_same_rows(columns, target[rows], controls.design[rows], labels, seed)
    grouped = groups[0] if groups else None
    return [{"measure": name, **entries[name], "grouped_by": grouped} for name in measures]


def _on_same_rows(
    columns: dict[str, ndarray], y: ndarray, base: ndarray, labels: Int[ndarray, " n"], seed: int
) -> dict[str, dict[str, Any]]:
    folds = min(FOLDS, int(labels.max(initial=-1)) + 1)
    empty: dict[str, Any] = {"n": len(y), "baseline_r2": None, "delta_r2": None, "ci": None, "folds": folds}
    reasons = {name: unusable(x, y) or _too_small(len(y), base.shape[1], folds) for name, x in columns.items()}
    entries = {name: {**empty, "reason": reason} if reason else empty for name, reason in reasons.items()}
    sound = [name for name, reason in reasons.items() if reason is None]
    if sound:
        splits = [fold_of_rows(labels, folds, seed, repeat) for repeat in range(REPEATS)]
        alone = _errors(base, y, splits)
        for name in sound:
            beside = _errors(np.column_stack([base, columns[name]]), y, splits)
            entries[name] = {**empty, **_gain(alone, beside, y, labels, seed)}
    return entries


def _too_small(n: int, controls: int, folds: int) -> str | None:
    if folds < 2:
        return "one group only; nothing to hold out"
    least = max(_LEAST_ROWS, 2 * (controls + 2))
    return f"{n} complete rows for {controls + 1} predictors; at least {least} are needed" if n < least else None


def _labels(levels: ndarray) -> Int[ndarray, " n"]:
    return np.unique(levels, return_inverse=True)[1].astype(np.int64)


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


def _errors(design: Float[ndarray, "n p"], y: Float[ndarray, " n"], splits: list[ndarray]) -> Float[ndarray, " n"]:
    """Squared error of each row when it is out of fold, mean over the splits."""
    total = np.zeros(len(y))
    for folds in splits:
        for fold in range(int(folds.max()) + 1):
            out = folds == fold
            total[out] += (y[out] - _predict(design[~out], y[~out], design[out])) ** 2
    return total / len(splits)


def _predict(design: ndarray, y: ndarray, other: ndarray) -> Float[ndarray, " m"]:
    middle = design.mean(axis=0)
    scale = np.max(np.abs(design - middle), axis=0, initial=0.0)
    scale[scale == 0.0] = 1.0  # a level absent from the training folds: least norm gives it no weight
    weights = np.linalg.lstsq((design - middle) / scale, y - y.mean(), rcond=1e-10)[0]
    return y.mean() + (other - middle) / scale @ weights


def _gain(alone: ndarray, beside: ndarray, y: ndarray, groups: ndarray, seed: int) -> dict[str, Any]:
    centred = y - y.mean()
    whole = float(centred @ centred)
    count, sums, squares = (np.bincount(groups, weights=w) for w in (np.ones_like(y), centred, centred**2))
    better = np.bincount(groups, weights=alone - beside)
    draws = []
    for counts in resample_counts(len(count), seed):  # (groups, b)
        spread = squares @ counts - (sums @ counts) ** 2 / (count @ counts)
        sound = spread > 1e-12 * whole
        draws.append(np.where(sound, better @ counts / np.where(sound, spread, 1.0), np.nan))
    return {
        "baseline_r2": 1.0 - float(alone.sum()) / whole,
        "delta_r2": float(better.sum()) / whole,
        "ci": percentile_interval(np.concatenate(draws)) if len(count) >= _LEAST_GROUPS else None,
    }
