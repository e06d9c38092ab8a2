"""Spearman's partial correlation: what is left of a relation once the controls are held fixed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from lmgeo.analysis.bootstrap import Ranked, percentile_interval, resample_counts
from lmgeo.analysis.controls import Controls
from lmgeo.analysis.correlation import mid_ranks, p_value, unusable
from lmgeo.core.arrays import Float, ndarray

_GONE = 1e-9  # share of variance left at which a column is taken as determined by the controls


def partials(
    measures: Mapping[str, Float[ndarray, " n"]], target: Float[ndarray, " n"], controls: Controls, seed: int
) -> list[dict[str, Any]]:
    """One entry a measure: correlation of what linear regression on the controls leaves of the ranks.

    Numbers enter as ranks, text as dummies. The interval is the 95 % percentile bootstrap over
    rows, ranked anew in each resample; `p` is two-sided under t with n − 2 − k degrees of
    freedom, k the rank of the controls.

    Args:
        measures: values by name, NaN where missing.
        target: the score, NaN where missing.
        controls: the columns held fixed.
        seed: of the bootstrap.
    """
    return [_partial(name, x, target, controls, seed) for name, x in measures.items()]


def _partial(name: str, x: ndarray, y: ndarray, controls: Controls, seed: int) -> dict[str, Any]:
    rows = np.isfinite(x) & np.isfinite(y) & controls.complete
    entry: dict[str, Any] = {"measure": name, "controls": controls.names, "n": int(rows.sum())}
    empty = {"spearman": None, "ci": None, "p": None}
    reason = unusable(x[rows], y[rows])
    if reason:
        return {**entry, **empty, "reason": reason}
    numeric, dummies = controls.values[rows], controls.dummies[rows]
    held = np.column_stack([*(mid_ranks(c) for c in numeric.T), *dummies.T]) if len(controls.design[0]) else None
    estimate, rank = partial_correlation(mid_ranks(x[rows]), mid_ranks(y[rows]), held)
    degrees = int(rows.sum()) - 2 - rank
    if degrees < 1:
        return {**entry, **empty, "reason": f"{rows.sum()} complete rows for {rank} controls; too few"}
    if not np.isfinite(estimate):
        return {**entry, **empty, "reason": "the controls determine the measure or the target"}
    interval = percentile_interval(_draws(x[rows], y[rows], numeric, dummies, seed))
    return {**entry, "spearman": estimate, "ci": interval, "p": p_value(estimate, degrees)}


def partial_correlation(x: ndarray, y: ndarray, held: ndarray | None) -> tuple[float, int]:
    """Correlation of the residuals of x and y on `held` (with intercept), and the rank of `held`.

    NaN where the residuals of either vanish.
    """
    held = np.empty((len(x), 0)) if held is None else held
    centred = held - held.mean(axis=0)
    both = np.column_stack([x - x.mean(), y - y.mean()])
    fit, _, rank, _ = np.linalg.lstsq(centred, both, rcond=1e-10) if held.shape[1] else (None, None, 0, None)
    left = both - centred @ fit if fit is not None else both
    if np.any(np.sum(left**2, axis=0) <= _GONE * np.sum(both**2, axis=0)):
        return float("nan"), int(rank)
    r = float(left[:, 0] @ left[:, 1] / np.sqrt(np.prod(np.sum(left**2, axis=0))))
    return min(1.0, max(-1.0, r)), int(rank)


def _draws(x: ndarray, y: ndarray, numeric: ndarray, dummies: ndarray, seed: int) -> Float[ndarray, " b"]:
    """The estimate in every resample, from weighted cross-products and a Schur complement."""
    ranked = [Ranked.of(column) for column in (x, y, *numeric.T)]
    draws = []
    for counts in resample_counts(len(x), seed):  # (n, b)
        columns = [column.ranks(counts) for column in ranked]  # each (n, b), centred
        means = dummies.T @ counts / len(x)  # (l, b)
        columns += [dummy[:, None] - mean for dummy, mean in zip(dummies.T, means, strict=True)]
        draws.append(_from_products(_products(columns, counts) / len(x)))
    return np.concatenate(draws)


def _products(columns: list[Float[ndarray, "n b"]], counts: Float[ndarray, "n b"]) -> Float[ndarray, "b c c"]:
    size = len(columns)
    gram = np.empty((counts.shape[1], size, size))
    for i, first in enumerate(columns):
        weighted = first * counts
        for j in range(i, size):
            gram[:, i, j] = gram[:, j, i] = np.einsum("nb,nb->b", weighted, columns[j])
    return gram


def _from_products(gram: Float[ndarray, "b c c"]) -> Float[ndarray, " b"]:
    """Partial correlation of the first two columns given the others; NaN where nothing is left."""
    across = gram[:, :2, 2:]
    inverse = np.linalg.pinv(gram[:, 2:, 2:], rcond=1e-10, hermitian=True)
    left = gram[:, :2, :2] - across @ inverse @ np.swapaxes(across, 1, 2)
    own, whole = np.diagonal(left, axis1=1, axis2=2), np.diagonal(gram[:, :2, :2], axis1=1, axis2=2)
    sound = np.all(own > np.maximum(_GONE * whole, 1e-14), axis=1)
    scale = np.sqrt(np.where(sound, own[:, 0] * own[:, 1], 1.0))
    return np.where(sound, np.clip(left[:, 0, 1] / scale, -1.0, 1.0), np.nan)
