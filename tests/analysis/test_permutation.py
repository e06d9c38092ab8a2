"""Permutations beside scipy's and beside every arrangement, whole clusters, and their size without an effect."""

from __future__ import annotations

from itertools import permutations, product

import numpy as np
import pytest
from scipy import stats

from lmgeo.analysis.clusters import Clusters
from lmgeo.analysis.permutation import Dealing, dealing, permutation_p

ONE = np.zeros(60, dtype=np.int64)


def apart(n: int) -> Dealing:
    return dealing(np.zeros(n, dtype=np.int64), Clusters.rows(n), np.arange(n))


def test_p_agrees_with_scipy() -> None:
    random = np.random.default_rng(0)
    x = random.normal(size=40)
    y = np.round(0.3 * x + random.normal(size=40))
    theirs = stats.permutation_test(
        (x,), lambda a: stats.spearmanr(a, y).statistic, permutation_type="pairings", n_resamples=3000, rng=random
    ).pvalue
    assert permutation_p([x], y, apart(40), 0)[0] == pytest.approx(theirs, abs=0.03)


def test_p_is_the_share_of_all_arrangements() -> None:
    x, y = np.array([1.0, 2.0, 4.0, 3.0, 5.0]), np.array([2.0, 1.0, 3.0, 5.0, 4.0])
    seen = abs(stats.spearmanr(x, y).statistic)
    all_of_them = [abs(stats.spearmanr(x, y[list(order)]).statistic) >= seen - 1e-9 for order in permutations(range(5))]
    assert permutation_p([x], y, apart(5), 0)[0] == pytest.approx(np.mean(all_of_them), abs=0.03)


def test_within_groups_only_places_within_a_group_are_dealt_and_the_mean_is_theirs() -> None:
    groups = np.array([0, 0, 0, 1, 1, 1])
    x, y = np.array([1.0, 2.0, 3.0, 7.0, 9.0, 8.0]), np.array([3.0, 1.0, 2.0, 11.0, 13.0, 12.0])
    deal = dealing(groups, Clusters.rows(6), np.arange(6))
    dealt = np.concatenate(list(deal.deal(y, 0)))
    assert {tuple(sorted(row[:3])) for row in dealt} == {(1.0, 2.0, 3.0)}
    assert len({tuple(row) for row in dealt}) == 36
    sums = [
        x @ np.concatenate([y[list(a)], y[[3 + i for i in b]]]) for a, b in product(permutations(range(3)), repeat=2)
    ]
    assert deal.expected(x[None], y)[0] == pytest.approx(np.mean(sums))


def test_whole_clusters_trade_places_row_for_row_with_those_of_their_size() -> None:
    labels = np.array([0, 1, 0, 1, 2, 2, 2, 3, 3, 3, 4])
    groups = np.array([0] * 10 + [-1])
    deal = dealing(groups, Clusters("base", labels), np.arange(11))
    y = np.arange(11.0)
    arrangements = {tuple(row) for chunk in deal.deal(y, 0) for row in chunk}
    pairs, triples = [(0, 1, 2, 3), (1, 0, 3, 2)], [(4, 5, 6, 7, 8, 9), (7, 8, 9, 4, 5, 6)]
    assert arrangements == {(*a, *b, 10) for a, b in product(pairs, triples)}
    assert not deal.enough


def test_where_a_group_is_one_cluster_seed_groups_trade_places_and_else_rows() -> None:
    base = np.repeat(np.arange(5), 12)
    seeds = np.arange(60) // 2  # two seeds of each setting
    deal = dealing(base, Clusters("base", base), seeds)
    assert [block.shape for block in deal.blocks] == [(6, 2)] * 5
    alone = dealing(base, Clusters("base", base), base)  # nothing but seeds: no arrangement
    assert [block.shape for block in alone.blocks] == [(12, 1)] * 5


@pytest.mark.parametrize(("clusters", "right"), [("base", True), ("row", False)])
def test_without_an_effect_p_is_as_often_small_as_it_says(clusters: str, right: bool) -> None:
    random = np.random.default_rng(1)
    base = np.repeat(np.arange(15), 4)
    low = 0
    for _ in range(120):
        x, y = random.normal(size=(2, 15))[:, base] + 0.2 * random.normal(size=(2, 60))
        near = Clusters("base", base) if clusters == "base" else Clusters.rows(60)
        low += permutation_p([x], y, dealing(ONE, near, ONE), 0)[0] <= 0.05
    assert (low <= 13) == right  # 6 expected; more than 13 has a chance of 1 in 500; rows alone give some 50


def test_many_columns_share_their_arrangements_and_none_depends_on_the_others() -> None:
    random = np.random.default_rng(2)
    columns, y = list(random.normal(size=(3, 60))), random.normal(size=60)
    together = permutation_p(columns, y, apart(60), 5)
    assert together == [permutation_p([c], y, apart(60), 5)[0] for c in columns]
    assert permutation_p([columns[0]], y, apart(60), 6) != together[:1]
    assert min(permutation_p([y], y, apart(60), 5)) == 1 / 2000


def test_too_few_arrangements_are_known() -> None:
    assert not apart(3).enough  # six
    assert apart(4).enough  # twenty-four
    assert not dealing(np.full(9, -1), Clusters.rows(9), np.arange(9)).enough
