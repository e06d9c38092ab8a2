"""Correlation within groups: what a measure tells of models of the same kind."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from lmgeo.analysis.bootstrap import Ranked
from lmgeo.analysis.clusters import Clusters
from lmgeo.analysis.correlation import p_value
from lmgeo.analysis.data import Data
from lmgeo.analysis.grouping import grouping, numbered
from lmgeo.analysis.jackknife import interval, p_by_clusters, spread
from lmgeo.analysis.rank_influence import Left, rank_correlation
from lmgeo.analysis.rows import LEAST_ROWS, alike
from lmgeo.core.arrays import Bool, Float, Int, ndarray


@dataclass(frozen=True)
class RankedWithin:
    """A column sorted within each group.

    Attributes:
        ranked: the column sorted by group, then value.
        groups: the group of each row, 0 … g − 1, none empty.
    """

    ranked: Ranked
    groups: Int[ndarray, " n"]

    @classmethod
    def of(cls, values: Float[ndarray, " n"], groups: Int[ndarray, " n"]) -> RankedWithin:
        """Sort a column without missing values."""
        run = Ranked.of(values).run
        return cls(Ranked.of(groups * (run.max() + 1) + run), groups)

    def mid_ranks(self) -> Float[ndarray, " n"]:
        """Mid-ranks within each row's group, over the group's size, centred."""
        sizes = np.bincount(self.groups)
        whole = (self.ranked.mid_ranks() + 0.5) * len(self.groups)  # rows of earlier groups count among those below
        return (whole - (np.cumsum(sizes) - sizes)[self.groups]) / sizes[self.groups] - 0.5

    def pull(self, weights: Float[ndarray, " n"]) -> Float[ndarray, " n"]:
        """Derivative of the sum of `weights` times ranks by how often each row counts."""
        lifted = self.ranked.pull(weights) * len(weights)  # rows of later groups count too: the same for a whole group
        sizes = np.bincount(self.groups)
        mean = np.bincount(self.groups, weights=lifted) / sizes
        return (lifted - mean[self.groups]) / sizes[self.groups]


def withins(data: Data) -> list[dict[str, Any]]:
    """One entry a measure: Spearman's correlation within the groups, pooled; [] without a column of groups.

    Groups are the levels of the named factor, else of `family`, else of `base`. Ranks are taken within
    each group, over its size, so that each row counts alike; groups of fewer than three rows, or in which
    either column is constant, are left out. The interval is by jackknife over clusters; p is by t with
    n − 1 − groups degrees of freedom, or the interval's own where clusters are coarser than rows.
    """
    by = grouping(data, ("family", "base"))
    if by is None:
        return []
    labels, entries = numbered(by.levels), {}
    for names, rows in alike(data.measures, np.isfinite(data.target) & (labels >= 0)):
        for name in names:
            columns = data.measures[name][rows], data.target[rows]
            entries[name] = _entry(*columns, labels[rows], data.clusters.take(rows))
    return [{"measure": name, "by": by.name, **entries[name]} for name in data.measures]


def _entry(x: ndarray, y: ndarray, labels: Int[ndarray, " n"], clusters: Clusters) -> dict[str, Any]:
    kept = _tells(x, labels) & _tells(y, labels)
    found = np.unique(labels[kept], return_inverse=True)[1]
    count, n = int(found.max(initial=-1)) + 1, int(kept.sum())
    entry: dict[str, Any] = {"groups": count, "n": n, "spearman": None, "ci": None, "p": None}
    if not count:
        return {**entry, "reason": f"no group has {LEAST_ROWS} complete rows in which measure and target vary"}
    of_x, of_y = (Left.raw(RankedWithin.of(column[kept], found)) for column in (x, y))
    return {**entry, **_estimate(of_x, of_y, count, clusters.take(kept))}


def _estimate(x: Left, y: Left, groups: int, clusters: Clusters) -> dict[str, Any]:
    r, influence = rank_correlation(x, y)
    n, found = len(influence), spread(r, influence, clusters)
    by_clusters = p_by_clusters(r, n, found) if found else None
    p = p_value(r, n - 1 - groups) if clusters.by == "row" else by_clusters
    reason = {"reason": clusters.too_few} if clusters.too_few else {}
    return {"spearman": r, "ci": interval(r, n, found), "p": p, **reason}


def _tells(values: Float[ndarray, " n"], labels: Int[ndarray, " n"]) -> Bool[ndarray, " n"]:
    """For each row, whether its group has rows enough, and the column takes several values there."""
    groups = labels.max(initial=-1) + 1
    least, most = np.full(groups, np.inf), np.full(groups, -np.inf)
    np.minimum.at(least, labels, values)
    np.maximum.at(most, labels, values)
    return ((most > least) & (np.bincount(labels, minlength=groups) >= LEAST_ROWS))[labels]
