"""Do all measures together predict what the controls do not?"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from lmgeo.analysis.controls import Controls
from lmgeo.analysis.correlation import standardised
from lmgeo.analysis.incremental.folds import folds_of, labels_of, members, splits_of, too_small
from lmgeo.analysis.incremental.intervals import corrected_interval
from lmgeo.analysis.incremental.ridge import LEAST_FOLDS, components, errors_of_folds
from lmgeo.analysis.incremental.trees import Trees, too_much_for_trees
from lmgeo.analysis.moments import GONE, scaled, span, unexplained
from lmgeo.analysis.one_thread import one_thread
from lmgeo.analysis.rows import LEAST_ROWS, is_constant, joined
from lmgeo.analysis.weighting import too_few_groups
from lmgeo.core.arrays import Bool, Float, Int, ndarray

LEAST_KEPT = 0.8  # share of the rows that must stay complete
_CONSTANT = "the measure is constant"


def incremental_all(
    measures: Mapping[str, Float[ndarray, " n"]],
    target: Float[ndarray, " n"],
    controls: Controls,
    groups: tuple[str, ndarray] | None,
    seed: int,
) -> dict[str, Any]:
    """The controls' cross-validated R², and what all usable measures add to it at once.

    The arguments are those of `incrementals`.

    Returns:
        `measures` taken up, `n`, `folds`, `grouped_by`, `linear` (ridge) and `boosted`, each with
        `baseline_r2`, `delta_r2` and `ci`; `left_out`: measures without values on enough rows, or
        constant; `reason` where a figure is None.
    """
    usable = np.isfinite(target) & controls.complete
    taken, left_out, rows = complete_measures(measures, usable)
    labels = labels_of(groups[1][rows]) if groups else np.arange(int(rows.sum()))
    found: dict[str, Any] = {
        "measures": taken, "n": int(rows.sum()), "folds": folds_of(labels), "grouped_by": groups[0] if groups else None,
        "linear": None, "boosted": None, "left_out": left_out,
    }  # fmt: skip
    columns = [measures[name][rows] for name in taken]
    design, y = controls.design[rows], target[rows]
    reason = _nothing(columns, design, y, labels)
    if reason:
        return {**found, "reason": reason}
    found["linear"], why_linear = _linear(columns, design, y, labels, seed)
    found["boosted"], why_trees = _boosted(columns, design, y, labels, seed)
    said = joined(too_few_groups(labels), why_linear, why_trees)
    return {**found, "reason": said} if said else found


def complete_measures(
    measures: Mapping[str, Float[ndarray, " n"]], usable: Bool[ndarray, " n"]
) -> tuple[list[str], list[dict[str, str]], Bool[ndarray, " n"]]:
    """Which measures are taken up together, which not and why, and the rows on which all taken have values.

    Those with most values come first, and each next one joins while four fifths of the usable rows
    stay complete: one column that is mostly empty does not decide what the others are tried on.
    """
    present = {name: np.isfinite(values) & usable for name, values in measures.items()}
    rows, reasons = usable, {}
    for name in sorted(measures, key=lambda name: -int(present[name].sum())):
        both = rows & present[name]
        if both.sum() < max(LEAST_ROWS, LEAST_KEPT * usable.sum()):
            reasons[name] = "too few rows have it and the other measures"
        elif is_constant(measures[name][present[name]]):
            reasons[name] = _CONSTANT
        else:
            rows = both
    reasons |= {name: _CONSTANT for name in measures if name not in reasons and is_constant(measures[name][rows])}
    taken = [name for name in measures if name not in reasons]
    return taken, [{"measure": name, "reason": reasons[name]} for name in measures if name in reasons], rows


def _nothing(columns: list[ndarray], design: ndarray, y: ndarray, labels: Int[ndarray, " n"]) -> str | None:
    """Why nothing can be said at all; None where something can."""
    if not columns:
        return "no measure has values that vary on enough rows"
    if len(y) < LEAST_ROWS or is_constant(y):
        return "the target is constant" if len(y) >= LEAST_ROWS else f"{len(y)} complete rows; too few"
    small = too_small(len(y), design.shape[1], folds_of(labels))
    if small:
        return small
    with one_thread():
        return "the controls determine the target" if unexplained(span(design), y) <= GONE else None


def _linear(
    columns: list[ndarray], design: ndarray, y: ndarray, labels: Int[ndarray, " n"], seed: int
) -> tuple[dict[str, Any] | None, str | None]:
    if folds_of(labels) < LEAST_FOLDS:
        return None, f"{folds_of(labels)} groups; ridge needs {LEAST_FOLDS}, one of them to choose its penalty on"
    free, z = scaled(design), scaled(y[:, None])[:, 0]
    splits = splits_of(labels, seed)
    with one_thread():
        held = components(np.column_stack([standardised(column) for column in columns]))
        errors = np.array([errors_of_folds(free, held, z, split) for split in splits])  # (repeats, 2, folds)
    sizes = np.array([[len(rows) for rows in members(split)] for split in splits])
    spread = float(np.var(z))
    gain = float((errors[:, 0] - errors[:, 1]).sum()) / len(splits) / (len(y) * spread)
    by_fold = (errors[:, 0] - errors[:, 1]) / sizes / spread
    return {
        "baseline_r2": 1.0 - float(errors[:, 0].sum()) / len(splits) / (len(y) * spread),
        "delta_r2": gain,
        "ci": corrected_interval(by_fold, gain) if not too_few_groups(labels) else None,
    }, None


def _boosted(
    columns: list[ndarray], design: ndarray, y: ndarray, labels: Int[ndarray, " n"], seed: int
) -> tuple[dict[str, Any] | None, str | None]:
    trees = too_much_for_trees(len(columns), design.shape[1]) or Trees.of(design, y, labels, seed)
    return (None, trees) if isinstance(trees, str) else (trees.gain(np.column_stack(columns)), None)
