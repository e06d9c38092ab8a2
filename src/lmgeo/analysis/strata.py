"""Does the relation hold among small models, and among large ones? Spearman's correlation by model size."""

from __future__ import annotations

from typing import Any

import numpy as np

from lmgeo.analysis.bootstrap import Ranked
from lmgeo.analysis.columns import numbers
from lmgeo.analysis.correlation import spearman
from lmgeo.analysis.data import Data
from lmgeo.analysis.rank_influence import Left
from lmgeo.analysis.rows import alike, unusable
from lmgeo.core.arrays import Bool, Float, ndarray

_MOST_LEVELS = 6
_BANDS = 4


def strata(data: Data) -> list[dict[str, Any]]:
    """One entry a measure and level of size: Spearman's correlation and interval; [] without a column of size.

    Up to six sizes are a level each; more are cut at their quartiles into bands of about as many rows,
    named by the least and greatest size in them.
    """
    if data.size is None:
        return []
    levels = bands(numbers(data.table, data.size))
    entries: dict[tuple[str, str], dict[str, Any]] = {}
    for level, inside in levels.items():
        for names, rows in alike(data.measures, np.isfinite(data.target) & inside):
            entries |= {(name, level): found for name, found in _on_same_rows(data, names, rows).items()}
    return [
        {"measure": name, "by": data.size, "level": level, **entries[name, level]}
        for name in data.measures
        for level in levels
    ]


def bands(sizes: Float[ndarray, " n"]) -> dict[str, Bool[ndarray, " n"]]:
    """The rows of each level of size, small ones first; rows without a size are in none."""
    there = np.isfinite(sizes)
    distinct = np.unique(sizes[there])
    if len(distinct) <= _MOST_LEVELS:
        return {f"{size:.15g}": sizes == size for size in distinct}
    cuts = np.unique(np.quantile(sizes[there], np.arange(1, _BANDS) / _BANDS, method="inverted_cdf"))
    band = np.searchsorted(cuts, sizes, side="left")
    groups = [there & (band == i) for i in range(len(cuts) + 1)]
    return {f"{sizes[rows].min():.15g}–{sizes[rows].max():.15g}": rows for rows in groups if rows.any()}


def _on_same_rows(data: Data, names: list[str], rows: Bool[ndarray, " n"]) -> dict[str, dict[str, Any]]:
    y, clusters = data.target[rows], data.clusters.take(rows)
    empty: dict[str, Any] = {"n": len(y), "spearman": None, "ci": None}
    reasons = {name: unusable(data.measures[name][rows], y) for name in names}
    found = {name: {**empty, "reason": reason} for name, reason in reasons.items() if reason}
    if len(found) < len(names):
        target, remark = Left.raw(Ranked.of(y)), {"reason": clusters.too_few} if clusters.too_few else {}
    for name in [name for name in names if name not in found]:
        r, near = spearman(Left.raw(Ranked.of(data.measures[name][rows])), target, clusters)
        found[name] = {**empty, "spearman": r, "ci": near, **remark}
    return found
