"""How far a finding moves with the settings under which models were measured: a specification curve.

A measure of one model is many numbers: one for each protocol, sample, token policy and site. The
main analysis keeps to one setting; here every setting that the table holds is set against the
target on its own, nothing pooled.
Source: Simonsohn, Simmons & Nelson 2020.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from lmgeo.analysis.bootstrap import Ranked, cluster_interval, resample_counts
from lmgeo.analysis.clusters import Clusters, clusters_of
from lmgeo.analysis.columns import bare, numbers
from lmgeo.analysis.correlation import p_value, pearson, standardised
from lmgeo.analysis.data import Data
from lmgeo.analysis.rows import alike, unusable
from lmgeo.analysis.settings import Settings, settings_of
from lmgeo.core.arrays import Bool, Float, Int, ndarray

SITE = "site"
SIGNIFICANT = 0.05
_SITE = re.compile(r"(?:embeddings|block\.\d+|final_prenorm|final)\.[^.]+")
_TUNING = "finetune_"
_EMPTY: dict[str, Any] = {"pearson": None, "pearson_ci": None, "spearman": None, "p": None}
_SPREAD = ("pearson_median", "pearson_min", "pearson_max", "same_sign")
_FLAT = 1e-20  # product of variances below which a resample is flat


def sensitivity(data: Data) -> dict[str, Any] | None:
    """The correlation of each measure with the target under each measurement setting.

    Settings are the combinations of `SETTINGS` columns that the table holds, and the site of a
    measure (a weight matrix's measures are no measures of a site and stand under their whole
    name). One under which every value is as it was under an earlier one is not counted again.
    Intervals resample the clusters of the rows under the setting.

    Returns:
        `axes` (the levels of each setting that varies), `measures` (a summary of each) and
        `specifications` (one for each measure and setting); None where there is one setting only.
    """
    settings = settings_of(data.filtered)
    sites = {column: column.rpartition(".")[0] for column in data.measures if _SITE.fullmatch(column)}
    axes = {name: list(dict.fromkeys(settings.table[name])) for name in settings.columns}
    if len(set(sites.values())) > 1:
        axes[SITE] = list(dict.fromkeys(sites.values()))
    if not axes:
        return None
    names: dict[str, list[dict[str, Any]]] = {}
    for column, entries in _entries(data, settings).items():
        name = bare(column) if column in sites else column
        place = {SITE: sites[column]} if SITE in axes and column in sites else {}
        placed = [{"measure": name, **e, "settings": {**e["settings"], **place}} for e in entries]
        names.setdefault(name, []).extend(placed)
    summaries = [_summary(name, entries) for name, entries in names.items()]
    return {"axes": axes, "measures": summaries, "specifications": [e for some in names.values() for e in some]}


def _entries(data: Data, settings: Settings) -> dict[str, list[dict[str, Any]]]:
    """The estimates of each measure column, in order of the settings; none where it has no value under a setting."""
    table = data.filtered
    model = _models(settings, len(table))
    y = _belonging(numbers(table, data.target_name), model, settings)
    columns = {name: numbers(table, name) for name in data.measures}
    also = [*(data.controls.names if data.controls else []), *([data.by.name] if data.by else [])]
    entries: dict[str, list[dict[str, Any]]] = {name: [] for name in columns}
    seen: dict[str, set[bytes]] = {name: set() for name in columns}
    for chosen, every in _by_setting(settings, len(table)):
        rows = every[np.isfinite(y[every])]
        clusters = clusters_of(table.iloc[rows], also)
        here = {name: values[rows] for name, values in columns.items()}
        for name, entry in _under_one_setting(here, y[rows], model[rows], clusters, seen, data.seed).items():
            entries[name].append({"settings": chosen, **entry})
    return entries


def _under_one_setting(
    columns: dict[str, ndarray], y: ndarray, model: ndarray, clusters: Clusters, seen: dict[str, set[bytes]], seed: int
) -> dict[str, dict[str, Any]]:
    """The entry of each column whose values are not in `seen`, where they are put; every `y` has a value."""
    entries: dict[str, dict[str, Any]] = {}
    for names, kept in alike(columns, np.ones(len(y), dtype=np.bool_)):
        order = np.flatnonzero(kept)[np.argsort(model[kept], kind="stable")]
        marks = {name: np.stack([model, y, columns[name]])[:, order].tobytes() for name in names}
        new = [name for name in names if kept.any() and marks[name] not in seen[name]]
        estimates = _estimates([columns[name][kept] for name in new], y[kept], clusters.take(kept), seed)
        entries |= dict(zip(new, estimates, strict=True))
        for name in new:
            seen[name].add(marks[name])
    return entries


def _models(settings: Settings, n: int) -> Int[ndarray, " n"]:
    """The model of each row as a number, the same under every setting."""
    return _numbered(settings.models) if settings.columns else np.arange(n)


def _numbered(keys: Sequence[tuple[str, ...]]) -> Int[ndarray, " n"]:
    numbers: dict[tuple[str, ...], int] = {}
    return np.array([numbers.setdefault(key, len(numbers)) for key in keys], dtype=np.int64)


def _belonging(y: Float[ndarray, " n"], model: Int[ndarray, " n"], settings: Settings) -> Float[ndarray, " n"]:
    """The target of each row; one that stands in some of a model's rows only holds for its others too.

    It belongs to the model and its fine-tuning, unless some model has several: then it is left as it is.
    """
    tuning = [settings.table[name] for name in settings.columns if name.startswith(_TUNING)]
    owner = _numbered(list(zip(map(str, model), *tuning, strict=True)))
    least, most = np.full(len(y), np.inf), np.full(len(y), -np.inf)
    known = np.isfinite(y)
    np.minimum.at(least, owner[known], y[known])
    np.maximum.at(most, owner[known], y[known])
    if (least < most).any():
        return y
    return np.where(np.isfinite(least), least, np.nan)[owner]


def _by_setting(settings: Settings, n: int) -> Iterator[tuple[dict[str, str], Int[ndarray, " k"]]]:
    """Each combination of levels with its rows, in order of first appearance."""
    if not settings.columns:
        yield {}, np.arange(n)
        return
    for combination, rows in settings.table.groupby(settings.columns, sort=False).indices.items():
        chosen = combination if isinstance(combination, tuple) else (combination,)
        yield dict(zip(settings.columns, map(str, chosen), strict=True)), np.asarray(rows)


def _estimates(columns: list[ndarray], y: ndarray, clusters: Clusters, seed: int) -> list[dict[str, Any]]:
    """The entry of each column, over the same rows without missing values."""
    reasons = [unusable(x, y) for x in columns]
    sound = [x for x, reason in zip(columns, reasons, strict=True) if reason is None]
    intervals = iter(_intervals(sound, y, clusters, seed) if sound else [])
    entries = []
    for x, reason in zip(columns, reasons, strict=True):
        if reason:
            entries.append({"n": len(y), **_EMPTY, "reason": reason})
            continue
        r = pearson(x, y)
        ranks = pearson(Ranked.of(x).mid_ranks(), Ranked.of(y).mid_ranks())
        found = {"pearson": r, "pearson_ci": next(intervals), "spearman": ranks, "p": p_value(r, len(y) - 2)}
        entries.append({"n": len(y), **found})
    return entries


def _intervals(columns: list[ndarray], y: ndarray, clusters: Clusters, seed: int) -> list[list[float] | None]:
    """95 % bootstrap over clusters, as of the main analysis, of Pearson's correlation of each column with `y`."""
    z, x = standardised(y), np.stack([standardised(column) for column in columns])  # (n,), (m, n)
    rows = np.concatenate([[np.ones(len(y)), z, z * z], x, x * x, x * z])  # (3 + 3m, n)
    sums = np.stack([np.bincount(clusters.labels, row, clusters.count) for row in rows])
    draws = [_correlations(np.einsum("qc,cb->qb", sums, counts)) for counts in resample_counts(clusters.count, seed)]
    return [cluster_interval(found, clusters) for found in np.concatenate(draws, axis=1)]


def _correlations(sums: Float[ndarray, "q b"]) -> Float[ndarray, "m b"]:
    """Correlations from the sums of 1, z, z², and of each x, x² and xz; NaN in a flat resample."""
    count, z, zz = sums[:3]
    x, xx, xz = np.split(sums[3:] / count, 3)
    z, zz = z / count, zz / count
    variances = (xx - x * x) * (zz - z * z)
    sound: Bool[ndarray, "m b"] = variances > _FLAT
    return np.where(sound, np.clip((xz - x * z) / np.sqrt(np.where(sound, variances, 1.0)), -1.0, 1.0), np.nan)


def _summary(name: str, entries: list[dict[str, Any]]) -> dict[str, Any]:
    """What the settings of one measure have in common; `significant` counts those with p ≤ 0.05."""
    found = np.array([e["pearson"] for e in entries if e["pearson"] is not None])
    summary: dict[str, Any] = {"measure": name, "settings": len(entries), **dict.fromkeys(_SPREAD)}
    if not len(found):
        return {**summary, "significant": 0, "reason": "no setting has a correlation"}
    signs = bool((found > 0).all() or (found < 0).all())
    values = [float(np.median(found)), float(found.min()), float(found.max()), signs]
    count = sum(e["p"] is not None and e["p"] <= SIGNIFICANT for e in entries)
    return {**summary, **dict(zip(_SPREAD, values, strict=True)), "significant": count}
