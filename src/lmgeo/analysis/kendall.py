"""Kendall's tau-b, and how much each row moves it."""

from __future__ import annotations

import numpy as np

from lmgeo.analysis.bootstrap import Ranked
from lmgeo.analysis.dominance import sums_below
from lmgeo.core.arrays import Float, Int, ndarray


def tau_b(x: Float[ndarray, " n"], y: Float[ndarray, " n"]) -> tuple[float, Float[ndarray, " n"]]:
    """Pairs in one order less pairs in opposite orders, over the pairs that are tied in neither column.

    Args:
        x, y: columns that vary.

    Returns:
        tau-b, and n times its derivative by each row's weight (Hájek's projection, by the delta method
        through both counts of untied pairs).

    Source: Kendall 1945.
    """
    agreeing, apart_x, apart_y = (counts / len(x) for counts in _pairs_of_rows(x, y))
    scale = float(np.sqrt(apart_x.mean() * apart_y.mean()))
    tau = float(np.clip(agreeing.mean() / scale, -1.0, 1.0))
    of_ties = apart_x / apart_x.mean() + apart_y / apart_y.mean() - 2.0
    influence = 2.0 * (agreeing - agreeing.mean()) / scale - tau * of_ties
    return tau, influence - influence.mean()


def _pairs_of_rows(x: ndarray, y: ndarray) -> tuple[ndarray, ndarray, ndarray]:
    """For each row: concordant less discordant partners, partners that differ in x, partners that differ in y."""
    n = len(x)
    of_x, of_y = Ranked.of(x).run, Ranked.of(y).run
    levels_x, levels_y = of_x.max() + 1, of_y.max() + 1
    below_x, equal_x = _runs(of_x)
    below_y, equal_y = _runs(of_y)
    before, equal = _runs(of_y * levels_x + of_x)
    lower_x = before - below_y  # of those equal in y
    lower_y = _runs(of_x * levels_y + of_y)[0] - below_x  # of those equal in x
    lower = _lower_in_both(of_x * levels_y - of_y, of_y * levels_x - of_x)
    x_below_y_above = below_x - lower - lower_x
    x_above_y_below = below_y - lower - lower_y
    higher = n - below_x - equal_x - x_above_y_below - (equal_y - lower_x - equal)
    return (lower + higher - x_below_y_above - x_above_y_below).astype(np.float64), n - equal_x, n - equal_y


def _runs(values: Int[ndarray, " n"]) -> tuple[Int[ndarray, " n"], Int[ndarray, " n"]]:
    """For each row, how many are lower, and how many equal (itself included)."""
    ordered = np.sort(values)
    below = np.searchsorted(ordered, values, side="left")
    return below, np.searchsorted(ordered, values, side="right") - below


def _lower_in_both(by_x: Int[ndarray, " n"], by_y: Int[ndarray, " n"]) -> Int[ndarray, " n"]:
    """For each row, how many are lower in x and in y.

    Args:
        by_x: sorts by x, equal ones by falling y.
        by_y: sorts by y, equal ones by falling x: so no row that is equal in one order comes before in both.
    """
    n = len(by_x)
    order = np.argsort(by_x, kind="stable")
    place = np.empty(n, dtype=np.int64)
    place[n - 1 - np.argsort(by_y[::-1], kind="stable")] = np.arange(n)  # equal in both: the later row first
    counts = np.empty(n, dtype=np.int64)
    counts[order] = sums_below(place[order], np.ones((1, n)))[0].astype(np.int64)
    return counts
