"""The slope of the target on a measure where every group of rows has a level of its own.

Models that share a base or a training configuration share more than their columns tell. A random
intercept takes that out: one number a group, drawn from a normal. Beside it always stands the
interval of plain least squares with whole groups weighed anew, which assumes nothing about how
rows within a group hang together.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from lmgeo.analysis.clustered_slope import interval_of_slope, slopes_under_weights
from lmgeo.analysis.columns import levels
from lmgeo.analysis.controls import Controls
from lmgeo.analysis.correlation import standardised
from lmgeo.analysis.data import Data
from lmgeo.analysis.moments import GONE, span, unexplained
from lmgeo.analysis.one_thread import one_thread
from lmgeo.analysis.random_intercept import Fit, Sums, fit
from lmgeo.analysis.rows import alike, joined, unusable
from lmgeo.analysis.weighting import TAIL, too_few_groups
from lmgeo.core.arrays import Float, Int, ndarray

_FEW_GROUPS = 10
_NOTHING: dict[str, Any] = {
    "slope": None, "ci": None, "p": None, "converged": None, "remark": None, "bootstrap_ci": None
}  # fmt: skip


def group_of(data: Data) -> tuple[str, ndarray] | None:
    """What gets a level of its own, in words, and the group of each row as text, empty where missing.

    The rows that are held out as one, where those are more than single rows; else the factor that
    was named; else `base` or `family` with several levels; None where there is none of them.
    """
    if data.held_out.groups:
        return data.held_out.by, np.array([str(label) for label in data.held_out.labels], dtype=object)
    if data.by:
        return data.by.name, data.by.levels
    for name in ("base", "family"):
        found = levels(data.table[name]) if name in data.table.columns else np.empty(0, dtype=object)
        if len(set(found) - {""}) > 1:
            return name, found
    return None


def mixed(
    measures: Mapping[str, Float[ndarray, " n"]],
    target: Float[ndarray, " n"],
    controls: Controls | None,
    group: tuple[str, ndarray],
    seed: int,
) -> list[dict[str, Any]]:
    """One entry a measure: target ~ measure + controls + (1 | group), all in standard deviations.

    Args:
        measures: values by name, NaN where missing.
        target: the score, NaN where missing.
        controls: columns held fixed; None: none.
        group: what a group is and the group of each row as text, empty where missing.
        seed: of the bootstrap.

    Returns:
        `measure`, `group`, `groups`, `n`, `slope` with `ci` and two-sided `p` (t with
        Satterthwaite's degrees of freedom), `converged`, `remark`, `bootstrap_ci`; `reason` where
        there is no slope.
    """
    name, of_rows = group
    usable = np.isfinite(target) & (of_rows != "")
    design = np.empty((len(target), 0))
    if controls is not None:
        usable, design = usable & controls.complete, controls.design
    entries: dict[str, dict[str, Any]] = {}
    for names, rows in alike(measures, usable):
        labels = np.unique(of_rows[rows], return_inverse=True)[1].astype(np.int64)
        columns = {measure: measures[measure][rows] for measure in names}
        with one_thread():
            entries |= _on_same_rows(columns, target[rows], design[rows], labels, seed)
    return [{"measure": measure, "group": name, **entries[measure]} for measure in measures]


def _on_same_rows(
    columns: dict[str, ndarray], y: ndarray, design: ndarray, labels: Int[ndarray, " n"], seed: int
) -> dict[str, dict[str, Any]]:
    empty = {"groups": int(labels.max(initial=-1)) + 1, "n": len(y), **_NOTHING}
    reasons = {name: unusable(x, y) for name, x in columns.items()}
    if None not in reasons.values():
        return {name: {**empty, "reason": reason} for name, reason in reasons.items()}
    spanned = span(design)
    reasons |= {name: _hindrance(x, y, spanned) for name, x in columns.items() if reasons[name] is None}
    sound = {name: standardised(x) for name, x in columns.items() if reasons[name] is None}
    held, z = spanned * len(y) ** 0.5, standardised(y)
    found = {name: _fitted(np.column_stack([np.ones(len(y)), held, x, z]), labels) for name, x in sound.items()}
    for name, draws in (slopes_under_weights(sound, held, z, labels, seed) if sound else {}).items():
        found[name]["bootstrap_ci"] = interval_of_slope(draws, sound[name], spanned, z, labels)
        reasons[name] = joined(found[name].get("reason"), too_few_groups(labels))
    said = {name: {"reason": reason} if reason else {} for name, reason in reasons.items()}
    return {name: {**empty, **found.get(name, {}), **said[name]} for name in columns}


def _hindrance(x: ndarray, y: ndarray, spanned: Float[ndarray, "n r"]) -> str | None:
    """Why least squares of the target on measure and controls says nothing; None where it does."""
    if len(y) - spanned.shape[1] - 2 < 1:
        return f"{len(y)} complete rows for {spanned.shape[1]} controls; too few"
    if unexplained(spanned, x) <= GONE:
        return "the controls determine the measure"
    if unexplained(span(np.column_stack([spanned, x])), y) <= GONE:
        return "the measure and the controls determine the target"
    return None


def _fitted(columns: Float[ndarray, "n p"], labels: Int[ndarray, " n"]) -> dict[str, Any]:
    """Slope, interval and p of the last column on the one before it, or why there is none."""
    from scipy.special import stdtr, stdtrit

    groups = int(labels.max()) + 1
    if groups in (1, len(labels)):
        single = "one group only" if groups == 1 else "every row is a group of its own"
        return {"reason": f"{single}: groups have no variance of their own to estimate"}
    found = fit(Sums.of(columns, labels))
    if isinstance(found, str):
        return {"converged": False, "remark": found, "reason": found}
    half = float(-stdtrit(found.degrees, TAIL)) * found.error
    return {
        "slope": found.slope,
        "ci": [found.slope - half, found.slope + half],
        "p": float(2.0 * stdtr(found.degrees, -abs(found.slope) / found.error)),
        "converged": True,
        "remark": _remark(found, groups),
    }


def _remark(found: Fit, groups: int) -> str:
    """What a reader should know of the fit, in words."""
    if found.flat:
        return "the controls tell the groups apart, so the fit is that of least squares"
    if found.share == 0.0:
        return "groups differ by no more than their rows would have them: the fit is that of least squares"
    few = f"; with {groups} groups that share is poorly known" if groups < _FEW_GROUPS else ""
    share = f"{found.share:.0%}" if found.share >= 0.005 else "less than 1%"
    return f"{share} of the variance left lies between groups{few}"
