"""Spearman's partial correlation: what is left of a relation once the controls are held fixed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from lmgeo.analysis.bootstrap import Ranked, percentile_interval, resample_counts
from lmgeo.analysis.controls import Controls
from lmgeo.analysis.correlation import mid_ranks, p_value
from lmgeo.analysis.rows import alike, unusable
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
    entries: dict[str, dict[str, Any]] = {}
    for names, rows in alike(measures, np.isfinite(target) & controls.complete):
        columns = {name: measures[name][rows] for name in names}
        entries |= _on_same_rows(columns, target[rows], controls.values[rows], controls.dummies[rows], seed)
    return [{"measure": name, "controls": controls.names, **entries[name]} for name in measures]


def _on_same_rows(
    columns: dict[str, ndarray], y: ndarray, numeric: ndarray, dummies: ndarray, seed: int
) -> dict[str, dict[str, Any]]:
    held = np.column_stack([np.empty((len(y), 0)), *(mid_ranks(column) for column in numeric.T), dummies])
    entries = {name: _estimate(x, y, held) for name, x in columns.items()}
    sound = [name for name, entry in entries.items() if entry["spearman"] is not None]
    draws: Iterable[ndarray] = _draws([columns[n] for n in sound], y, numeric, dummies, seed) if sound else []
    for name, resampled in zip(sound, draws, strict=True):
        entries[name]["ci"] = percentile_interval(resampled)
    return entries


def _estimate(x: ndarray, y: ndarray, held: ndarray) -> dict[str, Any]:
    entry: dict[str, Any] = {"n": len(y), "spearman": None, "ci": None, "p": None}
    reason = unusable(x, y)
    if reason:
        return {**entry, "reason": reason}
    estimate, rank = partial_correlation(mid_ranks(x), mid_ranks(y), held)
    degrees = len(y) - 2 - rank
    if degrees < 1:
        return {**entry, "reason": f"{len(y)} complete rows for {rank} controls; too few"}
    if not np.isfinite(estimate):
        return {**entry, "reason": "the controls determine the measure or the target"}
    return {**entry, "spearman": estimate, "p": p_value(estimate, degrees)}


def partial_correlation(x: ndarray, y: ndarray, held: Float[ndarray, "n k"]) -> tuple[float, int]:
    """Correlation of the residuals of x and y on `held` (with intercept), and the rank of `held`.

    NaN where the residuals of either vanish.
    """
    centred = held - held.mean(axis=0)
    both = np.column_stack([x - x.mean(), y - y.mean()])
    fit, _, rank, _ = np.linalg.lstsq(centred, both, rcond=1e-10)
    left = both - centred @ fit
    if np.any(np.sum(left**2, axis=0) <= _GONE * np.sum(both**2, axis=0)):
        return float("nan"), int(rank)
    r = float(left[:, 0] @ left[:, 1] / np.sqrt(np.prod(np.sum(left**2, axis=0))))
    return min(1.0, max(-1.0, r)), int(rank)


def _draws(columns: list[ndarray], y: ndarray, numeric: ndarray, dummies: ndarray, seed: int) -> Float[ndarray, "m b"]:
    """The estimate of every column in every resample, ranked anew in each."""
    ranked, others = [Ranked.of(x) for x in columns], [Ranked.of(column) for column in (y, *numeric.T)]
    draws = []
    for counts in resample_counts(len(y), seed):  # (n, b)
        held = [column.ranks(counts) for column in others]  # the target, then the controls; each (n, b), centred
        means = np.einsum("nl,nb->lb", dummies, counts) / len(y)
        held += [dummy[:, None] - mean for dummy, mean in zip(dummies.T, means, strict=True)]
        remains = _Remains.of(np.stack(held), counts)
        draws.append(np.stack([remains.correlation(column.ranks(counts)) for column in ranked]))
    return np.concatenate(draws, axis=1)


@dataclass(frozen=True)
class _Remains:
    """The target and controls of one chunk of resamples, ready to take any measure's part out.

    Attributes:
        weighted: target and controls times counts, (1 + k, n, b).
        inverse: inverse products of the controls, (b, k, k).
        of_target: products of target and controls, (b, k).
        left: what the controls leave of the target's square, (b,), NaN where nothing.
        counts: how often each row was drawn, (n, b).
    """

    weighted: ndarray
    inverse: ndarray
    of_target: ndarray
    left: ndarray
    counts: ndarray

    @classmethod
    def of(cls, held: Float[ndarray, "k n b"], counts: Float[ndarray, "n b"]) -> _Remains:
        weighted = held * counts
        gram = np.stack([np.einsum("nb,knb->bk", column, held) for column in weighted], axis=2)
        inverse = np.linalg.pinv(gram[:, 1:, 1:], rcond=1e-10, hermitian=True)
        of_target = gram[:, 0, 1:]
        left = gram[:, 0, 0] - np.einsum("bk,bkl,bl->b", of_target, inverse, of_target)
        return cls(weighted, inverse, of_target, _or_nan(left, gram[:, 0, 0]), counts)

    def correlation(self, x: Float[ndarray, "n b"]) -> Float[ndarray, " b"]:
        """Partial correlation of the target and `x`; NaN where nothing is left of either."""
        across = np.einsum("nb,knb->bk", x, self.weighted)
        square = np.einsum("nb,nb,nb->b", x, x, self.counts)
        explained = np.einsum("bk,bkl->bl", across[:, 1:], self.inverse)
        left = _or_nan(square - np.einsum("bl,bl->b", explained, across[:, 1:]), square)
        shared = across[:, 0] - np.einsum("bl,bl->b", explained, self.of_target)
        return np.clip(shared / np.sqrt(left * self.left), -1.0, 1.0)


def _or_nan(left: ndarray, whole: ndarray) -> ndarray:
    return np.where(left > np.maximum(_GONE * whole, 1e-12), left, np.nan)
