"""Correlation of each measure with the target: Pearson and Spearman with intervals, p and q."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from lmgeo.analysis.bootstrap import Ranked, cluster_interval, row_counts
from lmgeo.analysis.clusters import Clusters
from lmgeo.analysis.jackknife import interval, spread
from lmgeo.analysis.rank_influence import Left, rank_correlation
from lmgeo.analysis.rows import alike, unusable
from lmgeo.core.arrays import Float, ndarray

_EMPTY = {"pearson": None, "pearson_ci": None, "spearman": None, "spearman_ci": None, "p": None, "q": None}


def correlations(
    measures: Mapping[str, Float[ndarray, " n"]],
    target: Float[ndarray, " n"],
    seed: int,
    clusters: Clusters | None = None,
) -> list[dict[str, Any]]:
    """One entry a measure, over the rows that have both it and the target.

    Intervals are 95 %: Pearson's by bootstrap over clusters, Spearman's by jackknife over them. `p` is
    Pearson's, two-sided, and takes rows as independent; `q` is its Benjamini–Hochberg adjustment over
    the measures. Where nothing can be said, the values are None and `reason` says why.

    Args:
        measures: values by name, NaN where missing.
        target: the score, NaN where missing.
        seed: of the bootstrap.
        clusters: rows that stand or fall together; None: every row for itself.
    """
    entries: dict[str, dict[str, Any]] = {}
    clusters = clusters or Clusters.rows(len(target))
    for names, rows in alike(measures, np.isfinite(target)):
        y, near = target[rows], clusters.take(rows)
        reasons = {name: unusable(measures[name][rows], y) for name in names}
        sound = [name for name in names if reasons[name] is None]
        found = _on_same_rows([measures[name][rows] for name in sound], y, near, seed) if sound else []
        for name in names:
            reason = reasons[name] or near.too_few_to_draw
            entries[name] = {"measure": name, "n": len(y), **_EMPTY, **({"reason": reason} if reason else {})}
        for name, values in zip(sound, found, strict=True):
            entries[name].update(values)
    _add_q(list(entries.values()))
    return [entries[name] for name in measures]


def pearson(x: Float[ndarray, " n"], y: Float[ndarray, " n"]) -> float:
    """Pearson's correlation of two columns that are not constant."""
    a, b = standardised(x), standardised(y)
    return float(np.clip(np.mean(a * b), -1.0, 1.0))


def spearman(x: Left, y: Left, clusters: Clusters) -> tuple[float, list[float] | None]:
    """Spearman's correlation of two columns that vary, and its 95 % interval over clusters."""
    r, influence = rank_correlation(x, y)
    return r, interval(r, len(influence), spread(r, influence, clusters))


def standardised(x: Float[ndarray, " n"]) -> Float[ndarray, " n"]:
    """A column that varies, with mean 0 and population variance 1."""
    scaled = np.ldexp(x, -np.frexp(np.max(np.abs(x)))[1])  # no sum overflows; a power of two costs no digit
    centred = scaled - scaled.mean()
    centred /= np.max(np.abs(centred))  # no square underflows
    centred -= centred.mean()
    return centred / np.sqrt(np.mean(centred**2))


def p_value(r: float, degrees: int) -> float:
    """Two-sided p of a correlation under t with `degrees` of freedom."""
    from scipy.special import betainc

    return float(betainc(degrees / 2.0, 0.5, max(0.0, 1.0 - r * r)))


def benjamini_hochberg(p: Sequence[float]) -> list[float]:
    """Adjusted p values (false discovery rate), in the order given.

    Source: Benjamini & Hochberg 1995.
    """
    values = np.asarray(p, dtype=np.float64)
    order = np.argsort(values)[::-1]
    scaled = values[order] * len(values) / np.arange(len(values), 0, -1)
    adjusted = np.empty_like(values)
    adjusted[order] = np.minimum.accumulate(np.minimum(scaled, 1.0))
    return [float(q) for q in adjusted]


def _on_same_rows(columns: list[ndarray], y: ndarray, clusters: Clusters, seed: int) -> list[dict[str, Any]]:
    draws, target = _pearson_draws(columns, y, clusters, seed), Left.raw(Ranked.of(y))
    entries = []
    for x, resampled in zip(columns, draws, strict=True):
        r = pearson(x, y)
        ranked, near = spearman(Left.raw(Ranked.of(x)), target, clusters)
        values = {"pearson": r, "pearson_ci": cluster_interval(resampled, clusters), "p": p_value(r, len(y) - 2)}
        entries.append({**values, "spearman": ranked, "spearman_ci": near})
    return entries


def _pearson_draws(columns: list[ndarray], y: ndarray, clusters: Clusters, seed: int) -> Float[ndarray, "m b"]:
    """The correlation of every column in every resample."""
    x, z = np.stack([standardised(column) for column in columns]), standardised(y)  # (m, n), (n,)
    return np.concatenate([_weighted_pearson(x, z, counts) for counts in row_counts(clusters, seed)], axis=1)


def _weighted_pearson(
    x: Float[ndarray, "m n"], y: Float[ndarray, " n"], counts: Float[ndarray, "n b"]
) -> Float[ndarray, "m b"]:
    counts = counts / counts.sum(axis=0)  # whole clusters: rows number differently in each resample
    mean_x, mean_y = _sums(x, counts), _sums(y, counts)
    across = _sums(x * y, counts) - mean_x * mean_y
    return _ratio(across, (_sums(x**2, counts) - mean_x**2) * (_sums(y**2, counts) - mean_y**2))


def _sums(x: ndarray, counts: Float[ndarray, "n b"]) -> ndarray:
    """Weighted sums in a fixed order: the same bits, and no idle spinning, whatever threads there are."""
    return np.einsum("...n,nb->...b", x, counts)


def _ratio(across: ndarray, variances: ndarray) -> ndarray:
    """A correlation from its covariance and the product of variances; NaN in a flat resample."""
    sound = variances > 1e-20
    return np.where(sound, np.clip(across / np.sqrt(np.where(sound, variances, 1.0)), -1.0, 1.0), np.nan)


def _add_q(entries: list[dict[str, Any]]) -> None:
    tested = [entry for entry in entries if entry["p"] is not None]
    for entry, q in zip(tested, benjamini_hochberg([entry["p"] for entry in tested]), strict=True):
        entry["q"] = q
