"""Correlation of each measure with the target: Pearson and Spearman with intervals, p and q."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from lmgeo.analysis.bootstrap import Ranked, percentile_interval, resample_counts
from lmgeo.analysis.rows import alike, unusable
from lmgeo.core.arrays import Float, ndarray

_EMPTY = {"pearson": None, "pearson_ci": None, "spearman": None, "spearman_ci": None, "p": None, "q": None}


def correlations(
    measures: Mapping[str, Float[ndarray, " n"]], target: Float[ndarray, " n"], seed: int
) -> list[dict[str, Any]]:
    """One entry a measure, over the rows that have both it and the target.

    Intervals are 95 % percentile bootstrap over rows; `p` is Pearson's, two-sided; `q` its
    Benjamini–Hochberg adjustment over the measures. Where nothing can be said, the values
    are None and `reason` says why.

    Args:
        measures: values by name, NaN where missing.
        target: the score, NaN where missing.
        seed: of the bootstrap.
    """
    entries: dict[str, dict[str, Any]] = {}
    for names, rows in alike(measures, np.isfinite(target)):
        y = target[rows]
        reasons = {name: unusable(measures[name][rows], y) for name in names}
        sound = [name for name in names if reasons[name] is None]
        found = _on_same_rows([measures[name][rows] for name in sound], y, seed) if sound else []
        for name in names:
            entries[name] = {"measure": name, "n": len(y), **_EMPTY}
            if reasons[name]:
                entries[name]["reason"] = reasons[name]
        for name, values in zip(sound, found, strict=True):
            entries[name].update(values)
    _add_q(list(entries.values()))
    return [entries[name] for name in measures]


def pearson(x: Float[ndarray, " n"], y: Float[ndarray, " n"]) -> float:
    """Pearson's correlation of two columns that are not constant."""
    a, b = standardised(x), standardised(y)
    return float(np.clip(a @ b / len(a), -1.0, 1.0))


def standardised(x: Float[ndarray, " n"]) -> Float[ndarray, " n"]:
    """A column with mean 0 and population variance 1."""
    centred = x - x.mean()
    centred /= np.max(np.abs(centred))  # no square overflows
    centred -= centred.mean()
    return centred / np.sqrt(np.mean(centred**2))


def mid_ranks(x: Float[ndarray, " n"]) -> Float[ndarray, " n"]:
    """Centred average ranks over n."""
    return Ranked.of(x).ranks(np.ones((len(x), 1)))[:, 0]


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


def _on_same_rows(columns: list[Float[ndarray, " n"]], y: Float[ndarray, " n"], seed: int) -> list[dict[str, Any]]:
    pearson_draws, spearman_draws = _draws(columns, y, seed)
    ranks = mid_ranks(y)
    entries = []
    for i, x in enumerate(columns):
        r = pearson(x, y)
        entries.append(
            {
                "pearson": r,
                "pearson_ci": percentile_interval(pearson_draws[i]),
                "spearman": pearson(mid_ranks(x), ranks),
                "spearman_ci": percentile_interval(spearman_draws[i]),
                "p": p_value(r, len(y) - 2),
            }
        )
    return entries


def _draws(
    columns: list[Float[ndarray, " n"]], y: Float[ndarray, " n"], seed: int
) -> tuple[Float[ndarray, "m b"], Float[ndarray, "m b"]]:
    """Both correlations of every column in every resample."""
    x = np.stack([standardised(column) for column in columns])  # (m, n)
    z = standardised(y)
    ranked, ranked_y = [Ranked.of(column) for column in columns], Ranked.of(y)
    by_value, by_rank = [], []
    for counts in resample_counts(len(y), seed):  # (n, b)
        by_value.append(_weighted_pearson(x, z, counts))
        y_ranks = ranked_y.ranks(counts) * counts
        y_square = np.einsum("gb,gb,gb->b", *_squares(ranked_y, counts))
        by_rank.append(np.stack([_weighted_spearman(column, counts, y_ranks, y_square) for column in ranked]))
    return np.concatenate(by_value, axis=1), np.concatenate(by_rank, axis=1)


def _weighted_pearson(
    x: Float[ndarray, "m n"], y: Float[ndarray, " n"], counts: Float[ndarray, "n b"]
) -> Float[ndarray, "m b"]:
    n = x.shape[1]
    mean_x, mean_y = _sums(x, counts) / n, _sums(y, counts) / n
    across = _sums(x * y, counts) / n - mean_x * mean_y
    return _ratio(across, (_sums(x**2, counts) / n - mean_x**2) * (_sums(y**2, counts) / n - mean_y**2))


def _sums(x: ndarray, counts: Float[ndarray, "n b"]) -> ndarray:
    """Weighted sums in a fixed order: the same bits, and no idle spinning, whatever threads there are."""
    return np.einsum("...n,nb->...b", x, counts)


def _weighted_spearman(
    x: Ranked, counts: Float[ndarray, "n b"], y_ranks: Float[ndarray, "n b"], y_square: Float[ndarray, " b"]
) -> Float[ndarray, " b"]:
    ranks, weight = x.run_ranks(counts)
    across = np.einsum("gb,gb->b", ranks, x.runs(y_ranks))  # mid-ranks are centred already
    return _ratio(across / len(x.order), np.einsum("gb,gb,gb->b", ranks, ranks, weight) * y_square / len(x.order) ** 2)


def _squares(column: Ranked, counts: Float[ndarray, "n b"]) -> tuple[ndarray, ndarray, ndarray]:
    ranks, weight = column.run_ranks(counts)
    return ranks, ranks, weight


def _ratio(across: ndarray, variances: ndarray) -> ndarray:
    """A correlation from its covariance and the product of variances; NaN in a flat resample."""
    sound = variances > 1e-20
    return np.where(sound, np.clip(across / np.sqrt(np.where(sound, variances, 1.0)), -1.0, 1.0), np.nan)


def _add_q(entries: list[dict[str, Any]]) -> None:
    tested = [entry for entry in entries if entry["p"] is not None]
    for entry, q in zip(tested, benjamini_hochberg([entry["p"] for entry in tested]), strict=True):
        entry["q"] = q
