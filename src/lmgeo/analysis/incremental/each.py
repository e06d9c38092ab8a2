"""Does a measure predict what the controls do not? Cross-validated R² gained by adding it.

Out-of-fold predictions of two models, controls and controls + measure, on the same folds; R² is
one minus their squared error over that of the target's mean. Rows that share a base go into one
fold: they are near copies, and would let a model recognise what it is tested on. The split is
repeated. Two kinds of model: least squares, whose interval weighs the groups of rows anew and
refits everything under each weighting, and boosted trees, which see bends and interactions.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from lmgeo.analysis.controls import Controls
from lmgeo.analysis.incremental.folds import folds_of, labels_of, members, splits_of, too_small
from lmgeo.analysis.incremental.linear import Baseline
from lmgeo.analysis.incremental.trees import Trees, too_much_for_trees
from lmgeo.analysis.moments import GONE, scaled, span, unexplained
from lmgeo.analysis.one_thread import one_thread
from lmgeo.analysis.rows import alike, joined, unusable
from lmgeo.analysis.weighting import interval_over_groups, too_few_groups, weights_of_groups
from lmgeo.core.arrays import Float, Int, ndarray

_NOTHING: dict[str, Any] = {"baseline_r2": None, "delta_r2": None, "ci": None}


def incrementals(
    measures: Mapping[str, Float[ndarray, " n"]],
    target: Float[ndarray, " n"],
    controls: Controls,
    groups: tuple[str, ndarray] | None,
    seed: int,
    weighed: Int[ndarray, " n"] | None = None,
) -> list[dict[str, Any]]:
    """One entry a measure: the controls' cross-validated R², and what the measure adds to it.

    Args:
        measures: values by name, NaN where missing.
        target: the score, NaN where missing.
        controls: the baseline's columns.
        groups: name and level of what must not be split over folds; None: every row for itself.
        seed: of the folds, the weights and the trees.
        weighed: the cluster of each row that is weighed anew for the interval, where those are smaller
            than what is held out together; None: the same.

    Returns:
        `measure`, `n`, `baseline_r2`, `delta_r2`, `ci`, `folds`, `grouped_by`, and `boosted`: the
        same three figures from trees, with the rows and repeats they had; `reason` where one of
        them is None.
    """
    entries: dict[str, dict[str, Any]] = {}
    for names, rows in alike(measures, np.isfinite(target) & controls.complete):
        labels = labels_of(groups[1][rows]) if groups else np.arange(int(rows.sum()))
        columns = {name: measures[name][rows] for name in names}
        rest = Rest(
            controls.design[rows], target[rows], labels, labels if weighed is None else labels_of(weighed[rows]), seed
        )
        entries |= _on_same_rows(columns, rest, too_much_for_trees(len(measures), rest.design.shape[1]))
    grouped = groups[0] if groups else None
    return [{"measure": name, **entries[name], "grouped_by": grouped} for name in measures]


@dataclass(frozen=True)
class Rest:
    """What measures with the same rows share.

    Attributes:
        design: the controls, without an intercept.
        y: the target.
        labels: the group of each row, 0 … count − 1, for the folds.
        weighed: the same for the weights.
        seed: of both.
    """

    design: Float[ndarray, "n k"]
    y: Float[ndarray, " n"]
    labels: Int[ndarray, " n"]
    weighed: Int[ndarray, " n"]
    seed: int


def _on_same_rows(columns: dict[str, ndarray], rest: Rest, no_trees: str | None) -> dict[str, dict[str, Any]]:
    empty = {"n": len(rest.y), **_NOTHING, "folds": folds_of(rest.labels), "boosted": None}
    reasons = _reasons(columns, rest)
    sound = {name: x for name, x in columns.items() if reasons[name] is None}
    found = _linear(sound, rest) if sound else {}
    trees = no_trees or Trees.of(rest.design, rest.y, rest.labels, rest.seed) if sound else ""
    for name, x in sound.items():
        if isinstance(trees, Trees):
            found[name]["boosted"] = trees.gain(x[:, None])
        reasons[name] = joined(too_few_groups(rest.labels), None if isinstance(trees, Trees) else trees)
    said = {name: {"reason": reason} if reason else {} for name, reason in reasons.items()}
    return {name: {**empty, **found.get(name, {}), **said[name]} for name in columns}


def _reasons(columns: dict[str, ndarray], rest: Rest) -> dict[str, str | None]:
    """Why nothing can be said of a measure; None where something can."""
    found = {
        name: unusable(x, rest.y) or too_small(len(x), rest.design.shape[1], folds_of(rest.labels))
        for name, x in columns.items()
    }
    if None not in found.values():
        return found
    with one_thread():
        spanned = span(rest.design)
        of_target = unexplained(spanned, rest.y) <= GONE
        for name, x in columns.items():
            if found[name] is None and unexplained(spanned, x) <= GONE:
                found[name] = "the controls determine the measure"
            elif found[name] is None and of_target:
                found[name] = "the controls determine the target"
    return found


def _linear(columns: dict[str, ndarray], rest: Rest) -> dict[str, dict[str, Any]]:
    """What least squares says: estimates under even weights, intervals under weights drawn anew."""
    design, y = scaled(rest.design), scaled(rest.y[:, None])[:, 0]
    x = {name: scaled(column[:, None])[:, 0] for name, column in columns.items()}
    baselines: list[float] = []
    gains: dict[str, list[float]] = {name: [] for name in columns}
    draws: dict[str, list[ndarray]] = {name: [] for name in columns}
    with one_thread():
        weights = weights_of_groups(rest.weighed, rest.seed, "incremental")
        for split, drawn in zip(splits_of(rest.labels, rest.seed), weights, strict=True):
            even, uneven = (Baseline.of(design, y, members(split), w) for w in (np.ones((len(y), 1)), drawn))
            baselines.append(1.0 - float(even.error[0] / even.spread[0]))
            for name, column in x.items():
                gains[name].append(float(even.gain(column)[0] / even.spread[0]))
                draws[name].append(uneven.gain(column) / uneven.spread)
    return {
        name: {
            "baseline_r2": float(np.mean(baselines)),
            "delta_r2": float(np.mean(gains[name])),
            "ci": interval_over_groups(np.concatenate(draws[name]), rest.labels),
        }
        for name in columns
    }
