"""Influences of rows beside derivatives taken by hand, and the intervals that follow beside a jackknife that drops."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from lmgeo.analysis.bootstrap import Ranked
from lmgeo.analysis.clusters import Clusters
from lmgeo.analysis.jackknife import interval, p_by_clusters, spread
from lmgeo.analysis.rank_influence import Held, Left, rank_correlation

N = 40


def made(seed: int = 0) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    random = np.random.default_rng(seed)
    numeric = np.round(random.normal(size=(N, 2)), 1)  # ties
    group = random.integers(0, 3, size=N)
    x = numeric.sum(axis=1) + random.normal(size=N)
    return x, np.round(x + numeric[:, 0] + random.normal(size=N)), numeric, np.eye(3)[group][:, 1:]


def weighted(columns: list[np.ndarray], dummies: np.ndarray, weights: np.ndarray) -> float:
    """Partial Spearman of the first two columns when row i stands `weights[i]` times, pair by pair."""
    total = weights.sum()
    ranks = [((c[:, None] > c) + 0.5 * (c[:, None] == c)) @ weights / total for c in columns]
    design = np.column_stack([np.ones(N), *ranks[2:], dummies])
    root = np.sqrt(weights)
    both = np.column_stack(ranks[:2])
    left = both - design @ np.linalg.lstsq(design * root[:, None], both * root[:, None], rcond=None)[0]
    products = (left * weights[:, None]).T @ left
    return float(products[0, 1] / np.sqrt(products[0, 0] * products[1, 1]))


@pytest.mark.parametrize("controls", [0, 1, 2])
def test_influence_is_the_derivative_by_a_rows_weight(controls: int) -> None:
    x, y, numeric, dummies = made()
    numeric, dummies = numeric[:, :controls], dummies[:, : 2 * (controls > 1)]
    held = Held.of(numeric, dummies)
    left = [Left.of(Ranked.of(c), held) for c in (x, y)]
    assert left[0] is not None
    assert left[1] is not None
    r, influence = rank_correlation(left[0], left[1], held.ranked)
    columns = [x, y, *numeric.T]
    assert r == pytest.approx(weighted(columns, dummies, np.ones(N)), abs=1e-12)
    for row in range(N):
        more, less = np.ones(N), np.ones(N)
        more[row], less[row] = 1.0 + 1e-4, 1.0 - 1e-4
        slope = (weighted(columns, dummies, more) - weighted(columns, dummies, less)) / 2e-4
        assert influence[row] == pytest.approx(N * slope, abs=1e-6)


def test_controls_that_repeat_one_another_count_once() -> None:
    x, y, numeric, dummies = made()
    once, twice = Held.of(numeric, dummies), Held.of(np.column_stack([numeric, -(numeric[:, 0] ** 3)]), dummies)
    assert once.rank == twice.rank == 4
    found = []
    for held in (once, twice):
        left = [Left.of(Ranked.of(c), held) for c in (x, y)]
        assert left[0] is not None
        assert left[1] is not None
        found.append(rank_correlation(left[0], left[1], held.ranked))
    assert found[0][0] == pytest.approx(found[1][0], abs=1e-12)
    assert found[0][1] == pytest.approx(found[1][1], abs=1e-9)
    assert Left.of(Ranked.of(numeric[:, 0] * 2.0), once) is None


def test_standard_error_is_close_to_leaving_out_each_cluster_in_turn() -> None:
    random = np.random.default_rng(1)
    clusters = Clusters("base", np.repeat(np.arange(25), random.integers(4, 9, size=25)))
    n = len(clusters.labels)
    common = random.normal(size=(2, 25))[:, clusters.labels]
    x = common[0] + random.normal(size=n)
    y = common[1] + 0.7 * x + random.normal(size=n)
    r, influence = rank_correlation(Left.raw(Ranked.of(x)), Left.raw(Ranked.of(y)))
    without = [stats.spearmanr(x[clusters.labels != c], y[clusters.labels != c]).statistic for c in range(25)]
    jackknife = np.sqrt(24 / 25 * np.sum((np.arctanh(without) - np.mean(np.arctanh(without))) ** 2))
    found = spread(r, influence, clusters)
    assert found is not None
    assert found.error == pytest.approx(jackknife, rel=0.06)
    assert 20 < found.degrees < 24


def test_interval_and_p_agree_and_stay_in_bounds() -> None:
    random = np.random.default_rng(2)
    for n, slope in ((4, 0.0), (10, 3.0), (30, 0.4), (30, -0.4)):
        x = random.normal(size=n)
        y = slope * x + random.normal(size=n)
        r, influence = rank_correlation(Left.raw(Ranked.of(x)), Left.raw(Ranked.of(y)))
        found = spread(r, influence, Clusters.rows(n))
        assert found is not None
        low, high = interval(r, n, found) or (np.nan, np.nan)
        assert -1.0 <= low <= r <= high <= 1.0
        assert (p_by_clusters(r, n, found) < 0.05) == (low > 0.0 or high < 0.0)


def test_a_perfect_order_has_an_interval_that_narrows_with_rows() -> None:
    widths = []
    for n in (4, 10, 100):
        column = Left.raw(Ranked.of(np.arange(float(n))))
        r, influence = rank_correlation(column, column)
        low, high = interval(r, n, spread(r, influence, Clusters.rows(n))) or (np.nan, np.nan)
        assert high == pytest.approx(1.0)
        widths.append(high - low)
    assert widths[0] > widths[1] > widths[2] > 0.0


def test_without_degrees_of_freedom_there_is_no_interval() -> None:
    influence = np.random.default_rng(0).normal(size=20)
    assert spread(0.3, influence, Clusters("base", np.repeat(np.arange(4), 5))) is None
    assert spread(0.3, influence, Clusters("base", np.repeat(np.arange(5), 4)), used=4) is None
    assert interval(0.3, 20, None) is None
