"""Spearman's partial correlation: what is left of a relation once the controls are held fixed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from threadpoolctl import ThreadpoolController

from lmgeo.analysis.bootstrap import Ranked
from lmgeo.analysis.clusters import Clusters
from lmgeo.analysis.controls import Controls
from lmgeo.analysis.correlation import p_value
from lmgeo.analysis.jackknife import interval, p_by_clusters, spread
from lmgeo.analysis.leftover import Bend
from lmgeo.analysis.rank_influence import Held, Left, rank_correlation
from lmgeo.analysis.rows import alike, unusable
from lmgeo.core.arrays import Float, ndarray

_WORTH_SAYING = 0.02  # correlation expected without any effect from which on a reader is told


def partials(
    measures: Mapping[str, Float[ndarray, " n"]],
    target: Float[ndarray, " n"],
    controls: Controls,
    clusters: Clusters | None = None,
) -> list[dict[str, Any]]:
    """One entry a measure: correlation of what linear regression on the controls leaves of the ranks.

    Numbers enter as ranks, text as dummies. The 95 % interval is by jackknife over clusters, and reaches
    further by what ranks leave of the controls where there is no effect. `p` is two-sided under t with
    n − 2 − k degrees of freedom, k the rank of the controls; where clusters are coarser than rows, it is
    by their jackknife too. `adjustment` says in words what was held and how.

    Args:
        measures: values by name, NaN where missing.
        target: the score, NaN where missing.
        controls: the columns held fixed.
        clusters: rows that stand or fall together; None: every row for itself.
    """
    entries: dict[str, dict[str, Any]] = {}
    clusters = clusters or Clusters.rows(len(target))
    # Many dummies make a matrix that linear algebra would share among threads, and round as they fall.
    with ThreadpoolController().limit(limits=1, user_api="blas"):
        for names, rows in alike(measures, np.isfinite(target) & controls.complete):
            columns = {name: measures[name][rows] for name in names}
            entries |= _on_same_rows(columns, target[rows], controls, rows, clusters.take(rows))
    return [{"measure": name, "controls": controls.names, **entries[name]} for name in measures]


def _on_same_rows(
    columns: dict[str, ndarray], y: ndarray, controls: Controls, rows: ndarray, clusters: Clusters
) -> dict[str, dict[str, Any]]:
    reasons = {name: unusable(x, y) for name, x in columns.items()}
    case = _Case.of(y, controls, rows, clusters) if None in reasons.values() else None
    entries = {}
    for name, x in columns.items():
        found = case.estimate(x) if case and reasons[name] is None else {"reason": reasons[name]}
        entries[name] = {"n": len(y), "spearman": None, "ci": None, "p": None, "adjustment": None, **found}
    return entries


@dataclass(frozen=True)
class _Case:
    """Target and controls on one set of rows, ready for any measure.

    Attributes:
        held: the controls.
        bend: the same, ready to say what they leave where there is no effect.
        target: what the controls leave of the target's ranks; None where nothing.
        bent: what they leave of the ranks they let expect of it, (n,).
        clusters: the rows that stand or fall together.
        words: what is held, and how.
    """

    held: Held
    bend: Bend
    target: Left | None
    bent: ndarray
    clusters: Clusters
    words: str

    @classmethod
    def of(cls, y: ndarray, controls: Controls, rows: ndarray, clusters: Clusters) -> _Case:
        held = Held.of(controls.values[rows], controls.dummies[rows])
        bend, ranked = Bend.of(held), Ranked.of(y)
        return cls(held, bend, Left.of(ranked, held), bend.left(ranked), clusters, _in_words(controls, clusters))

    def estimate(self, x: ndarray) -> dict[str, Any]:
        """What can be said of one measure, or the reason why nothing can."""
        degrees = len(x) - 2 - self.held.rank
        if degrees < 1:
            return {"reason": f"{len(x)} complete rows for {self.held.rank} controls; too few"}
        ranked = Ranked.of(x)
        left = Left.of(ranked, self.held)
        if left is None or self.target is None:
            return {"reason": "the controls determine the measure or the target"}
        r, influence = rank_correlation(left, self.target, self.held.ranked)
        found = spread(r, influence, self.clusters, self.held.rank)
        leftover = float(np.mean(self.bend.left(ranked) * self.bent) * left.own * self.target.own)
        by_clusters = p_by_clusters(r, len(x), found) if found else None
        p = p_value(r, degrees) if self.clusters.by == "row" else by_clusters
        ci = _allowing(interval(r, len(x), found), leftover)
        return {"spearman": r, "ci": ci, "p": p, "adjustment": self.words + _remark(leftover), **self._lack(ci)}

    def _lack(self, ci: list[float] | None) -> dict[str, str]:
        if ci is not None:
            return {}
        return {"reason": self.clusters.too_few or f"{self.clusters.count} clusters for {self.held.rank} controls"}


def _allowing(ci: list[float] | None, leftover: float) -> list[float] | None:
    """An interval that holds both what ranks show and what would be left of it without their leftover."""
    if ci is None:
        return None
    return [max(-1.0, float(ci[0] - max(leftover, 0.0))), min(1.0, float(ci[1] - min(leftover, 0.0)))]


def _in_words(controls: Controls, clusters: Clusters) -> str:
    kinds = (controls.values.shape[1] > 0, controls.dummies.shape[1] > 0)
    how = {(True, False): " as ranks", (False, True): " as levels"}.get(kinds, ", numbers as ranks and text as levels")
    over = "" if clusters.by == "row" else f"; interval and p over {clusters.count} clusters, each a {clusters.by}"
    return f"residuals of ranks, linear in {' and '.join(controls.names)}{how}{over}"


def _remark(leftover: float) -> str:
    """What a reader should know of controls that leave some of themselves in the ranks; mostly nothing."""
    if abs(leftover) < _WORTH_SAYING:
        return ""
    return (
        f"; about {leftover:.2f} is expected without any effect, since ranks leave some of the controls behind: "
        "the interval allows for it"
    )
