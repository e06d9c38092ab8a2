"""How closely each measure goes with the target, by several yardsticks side by side."""

from __future__ import annotations

from typing import Any

import numpy as np

from lmgeo.analysis.clusters import Clusters, seed_groups
from lmgeo.analysis.correlation import correlations, standardised
from lmgeo.analysis.data import Data
from lmgeo.analysis.distance import distance_correlation
from lmgeo.analysis.grouping import grouping, numbered
from lmgeo.analysis.isotonic import monotone_r2
from lmgeo.analysis.jackknife import interval, spread
from lmgeo.analysis.kendall import tau_b
from lmgeo.analysis.permutation import dealing, permutation_p
from lmgeo.analysis.rows import alike
from lmgeo.core.arrays import Bool, ndarray

_EMPTY = {"kendall": None, "kendall_ci": None, "distance_correlation": None, "p_permutation": None}


def associations(data: Data) -> list[dict[str, Any]]:
    """One entry a measure: Pearson, Spearman, Kendall, distance correlation, a p by permutation, monotone R².

    What each is, its interval, and what it does where it cannot be had stands in
    `docs/statistics/association.md`.
    """
    entries = {e["measure"]: e for e in correlations(data.measures, data.target, data.seed, data.clusters)}
    by = grouping(data, ("base", "family"))
    groups = numbered(by.levels) if by else np.zeros(data.n, dtype=np.int64)
    name = by.name if by else None
    for entry in entries.values():
        entry.update({**_EMPTY, "permuted_within": name, "monotone_r2": None})
    also = [*(data.controls.names if data.controls else []), *([data.by.name] if data.by else [])]
    seeds = seed_groups(data.table, also)
    for names, rows in alike(data.measures, np.isfinite(data.target)):
        sound = [name for name in names if entries[name]["pearson"] is not None]
        if sound:
            _on_same_rows(entries, sound, data, rows)
            _permute(entries, sound, data, rows, groups[rows], seeds[rows])
    return list(entries.values())


def _on_same_rows(entries: dict[str, dict[str, Any]], names: list[str], data: Data, rows: Bool[ndarray, " n"]) -> None:
    y, clusters = standardised(data.target[rows]), data.clusters.take(rows)
    for name in names:
        x = standardised(data.measures[name][rows])
        tau, near = _kendall(x, y, clusters)
        more = {"distance_correlation": distance_correlation(x, y), "monotone_r2": monotone_r2(x, y)}
        entries[name].update({"kendall": tau, "kendall_ci": near, **more})


def _kendall(x: ndarray, y: ndarray, clusters: Clusters) -> tuple[float, list[float] | None]:
    tau, influence = tau_b(x, y)
    return tau, interval(tau, len(x), spread(tau, influence, clusters))


def _permute(
    entries: dict[str, dict[str, Any]], names: list[str], data: Data, rows: ndarray, groups: ndarray, seeds: ndarray
) -> None:
    deal = dealing(groups, data.clusters.take(rows), seeds)
    if not deal.enough:
        where = f" within {entries[names[0]]['permuted_within']}" if entries[names[0]]["permuted_within"] else ""
        for name in names:
            entries[name].setdefault("reason", f"p_permutation: too few ways to permute the target{where}")
        return
    found = permutation_p([data.measures[name][rows] for name in names], data.target[rows], deal, data.seed)
    for name, p in zip(names, found, strict=True):
        entries[name]["p_permutation"] = p
