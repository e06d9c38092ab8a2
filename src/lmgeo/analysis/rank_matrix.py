"""Spearman's correlation of every pair of measures, each over the rows that have both."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from lmgeo.analysis.bootstrap import Ranked
from lmgeo.analysis.rows import LEAST_ROWS, alike
from lmgeo.core.arrays import Bool, Float, ndarray
from lmgeo.numerics.sweeps import unit_columns

_MOST_RANKS = 1e8  # ranks computed for pairs before each measure is ranked once


def unit_ranks(columns: Float[ndarray, "n m"]) -> Float[ndarray, "n m"]:
    """Mid-ranks of columns without missing values, centred and of length one; zero for a constant column."""
    counts = np.ones((len(columns), 1))
    return unit_columns(np.column_stack([Ranked.of(column).ranks(counts) for column in columns.T]))


def rank_matrix(measures: Mapping[str, Float[ndarray, " n"]]) -> tuple[Float[ndarray, "m m"], bool]:
    """Spearman's correlations, NaN where a pair has fewer than three rows or a constant measure there.

    Returns:
        The matrix, and whether every pair was ranked anew on its own rows. Where very many measures
        lack values on unlike rows, each is ranked once, over all the rows it has.
    """
    names = list(measures)
    place = {name: i for i, name in enumerate(names)}
    n = len(next(iter(measures.values())))
    groups = [([place[name] for name in some], rows) for some, rows in alike(measures, np.ones(n, dtype=bool))]
    values = np.column_stack(list(measures.values()))
    if len(groups) == 1 or len(groups) * len(names) * n > _MOST_RANKS:
        return _ranked_once(values, groups), len(groups) == 1
    ranked = [Ranked.of(column) for column in values.T]
    found = np.full((len(names), len(names)), np.nan)
    for a, (some, rows) in enumerate(groups):
        for others, other_rows in groups[a:]:
            block = _block([ranked[i] for i in some], [ranked[i] for i in others], rows & other_rows)
            found[np.ix_(some, others)] = block
            found[np.ix_(others, some)] = block.T
    np.fill_diagonal(found, 1.0)
    return found, True


def _block(some: list[Ranked], others: list[Ranked], both: Bool[ndarray, " n"]) -> Float[ndarray, "k l"]:
    if both.sum() < LEAST_ROWS:
        return np.full((len(some), len(others)), np.nan)
    left, right = (_ranks(columns, both) for columns in (some, others))
    block = np.clip(left.T @ right, -1.0, 1.0)
    block[~left.any(axis=0)] = np.nan
    block[:, ~right.any(axis=0)] = np.nan
    return block


def _ranks(columns: list[Ranked], rows: Bool[ndarray, " n"]) -> Float[ndarray, "r k"]:
    counts = rows.astype(np.float64)[:, None]
    return unit_columns(np.column_stack([column.ranks(counts)[rows] for column in columns]))


def _ranked_once(values: Float[ndarray, "n m"], groups: list[tuple[list[int], ndarray]]) -> Float[ndarray, "m m"]:
    present = np.isfinite(values).astype(np.float64)
    ranks = np.zeros_like(values)
    for some, rows in groups:
        cells = np.ix_(np.flatnonzero(rows), np.array(some))
        ranks[cells] = unit_ranks(values[cells]) * np.sqrt(rows.sum())  # variance 1
    count = present.T @ present
    with np.errstate(invalid="ignore", divide="ignore"):
        mean = ranks.T @ present / count  # of the row's measure, over the rows of the pair
        variance = (ranks**2).T @ present / count - mean**2
        found = (ranks.T @ ranks / count - mean * mean.T) / np.sqrt(variance * variance.T)
    found[(count < LEAST_ROWS) | (variance <= 1e-9) | (variance.T <= 1e-9)] = np.nan
    np.fill_diagonal(found, 1.0)
    return np.clip(found, -1.0, 1.0)
