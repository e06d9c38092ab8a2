"""Correlations beside scipy and statsmodels, and a bootstrap of clusters written the slow way."""

from __future__ import annotations

import json

import numpy as np
import pytest
from scipy import stats
from statsmodels.stats.multitest import multipletests

from lmgeo.analysis import bootstrap
from lmgeo.analysis.bootstrap import Ranked, resample_counts
from lmgeo.analysis.clusters import Clusters
from lmgeo.analysis.correlation import benjamini_hochberg, correlations


@pytest.fixture(params=["smooth", "ties", "far"])
def columns(request: pytest.FixtureRequest) -> tuple[np.ndarray, np.ndarray]:
    random = np.random.default_rng(7)
    x = random.normal(size=60)
    y = 0.6 * x + random.normal(size=60)
    if request.param == "ties":
        x, y = np.round(x), np.round(y * 2)
    return (x, y) if request.param != "far" else (1e9 + x, y * 1e-200)


def test_estimates_equal_scipy(columns: tuple[np.ndarray, np.ndarray]) -> None:
    x, y = columns
    entry = correlations({"m": x}, y, seed=0)[0]
    scale = 1e200 if np.max(np.abs(y)) < 1e-100 else 1.0
    pearson = stats.pearsonr(x - np.mean(x), y * scale)
    assert entry["pearson"] == pytest.approx(pearson.statistic, abs=1e-9)
    assert entry["p"] == pytest.approx(pearson.pvalue, rel=1e-5)
    assert entry["spearman"] == pytest.approx(stats.spearmanr(x, y).statistic, abs=1e-12)
    assert entry["q"] == entry["p"]


@pytest.mark.parametrize("by", ["row", "base"])
def test_resampled_estimates_equal_gathering_each_time(
    columns: tuple[np.ndarray, np.ndarray], by: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bootstrap, "_RESAMPLES", 150)
    x, y = columns
    clusters = Clusters.rows(60) if by == "row" else Clusters("base", np.sort(np.arange(60) ** 2 % 17 % 9))
    clusters = clusters.take(np.arange(60))  # of unlike sizes: rows number differently in each resample
    entry = correlations({"m": x}, y, 3, clusters)[0]
    counts = np.concatenate(list(resample_counts(clusters.count, 3, 60)), axis=1).astype(int)
    rows = [np.repeat(np.arange(60), c[clusters.labels]) for c in counts.T]
    scale = 1e200 if np.mean(x) > 1e6 else 1.0  # numpy loses such numbers
    draws = [np.corrcoef(x[r], y[r] * scale)[0, 1] for r in rows]
    c = clusters.effective
    tail = 100 * stats.norm.cdf(-np.sqrt(c / (c - 1)) * stats.t.ppf(0.975, c - 1))
    assert entry["pearson_ci"] == pytest.approx(np.percentile(draws, [tail, 100 - tail]), abs=1e-6)


def test_copies_of_a_base_widen_every_interval() -> None:
    random = np.random.default_rng(2)
    base = np.repeat(np.arange(12), 10)
    x = random.normal(size=12)[base] + 0.1 * random.normal(size=120)
    y = random.normal(size=12)[base] + 0.1 * random.normal(size=120)
    rows, copies = (correlations({"m": x}, y, 0, c)[0] for c in (None, Clusters("base", base)))
    for kind in ("pearson_ci", "spearman_ci"):
        assert np.diff(copies[kind]) > 2 * np.diff(rows[kind])
    assert {k: rows[k] for k in ("pearson", "spearman", "p")} == {k: copies[k] for k in ("pearson", "spearman", "p")}


def test_too_few_clusters_give_no_interval_and_say_so() -> None:
    x = np.random.default_rng(0).normal(size=(2, 30))
    entry = correlations({"m": x[0]}, x[1], 0, Clusters("base", np.repeat([0, 1, 2], 10)))[0]
    assert entry["pearson"] is not None
    assert entry["pearson_ci"] is entry["spearman_ci"] is None
    assert entry["reason"] == "3 bases among the complete rows; an interval needs 5"


def test_an_interval_of_few_rows_holds_the_true_correlation_or_is_not_given() -> None:
    random = np.random.default_rng(8)
    for rows in (3, 4, 5, 6):
        tables = random.normal(size=(150, 2, rows))
        found = [correlations({"m": x}, y, seed)[0]["pearson_ci"] for seed, (x, y) in enumerate(tables)]
        given = [interval for interval in found if interval is not None]
        assert len(given) == (0 if rows < 5 else len(found))
        assert sum(low <= 0.0 <= high for low, high in given) >= 0.94 * len(given)


def test_intervals_agree_with_scipys_bootstrap() -> None:
    random = np.random.default_rng(0)
    x = random.normal(size=200)
    y = x + random.normal(size=200)
    theirs = stats.bootstrap(
        (x, y), lambda a, b, axis: stats.pearsonr(a, b, axis=axis).statistic, paired=True, vectorized=True,
        method="percentile", n_resamples=1500, rng=np.random.default_rng(1),
    ).confidence_interval  # fmt: skip
    found = correlations({"m": x}, y, 0)[0]
    assert found["pearson_ci"] == pytest.approx([theirs.low, theirs.high], abs=0.02)


def test_spearmans_interval_is_about_as_wide_as_a_bootstrap() -> None:
    random = np.random.default_rng(3)
    x = random.normal(size=300)
    y = np.round(x + random.normal(size=300))
    draws = [stats.spearmanr(x[r], y[r]).statistic for r in random.integers(0, 300, size=(1500, 300))]
    low, high = correlations({"m": x}, y, 0)[0]["spearman_ci"]
    assert [low, high] == pytest.approx(np.percentile(draws, [2.5, 97.5]), abs=0.02)


def test_numbers_at_the_ends_of_what_a_float_holds() -> None:
    random = np.random.default_rng(4)
    x = random.uniform(-1.0, 1.0, size=40)
    y = x + random.normal(size=40)
    usual, huge, tiny = (correlations({"m": x * scale}, y, 0)[0] for scale in (1.0, 1.7e308, 1e-300))
    for other in (huge, tiny):
        assert other["pearson"] == pytest.approx(usual["pearson"])
        assert other["spearman_ci"] == usual["spearman_ci"]


def test_ranks_under_counts_are_mid_ranks() -> None:
    x = np.array([3.0, 1.0, 3.0, 2.0])
    counts = np.array([[2.0], [0.0], [1.0], [1.0]])
    counts = np.column_stack([counts, 2.0 * counts])  # as many again: the same ranks over their own total
    expanded = stats.rankdata([3, 3, 3, 2])  # rows 0, 0, 2, 3
    ranks = Ranked.of(x).ranks(counts)[[0, 2, 3]] * 4 + 2.5
    assert pytest.approx(np.tile(expanded[[0, 2, 3]], (2, 1))) == ranks.T


def test_q_is_benjamini_hochberg() -> None:
    p = np.random.default_rng(0).uniform(size=40) ** 3
    assert benjamini_hochberg(list(p)) == pytest.approx(multipletests(p, method="fdr_bh")[1])
    assert benjamini_hochberg([]) == []


def test_what_cannot_be_estimated_has_a_reason_and_no_nan() -> None:
    nan = np.nan
    y = np.array([0.1, 0.2, 0.3, 0.4, nan])
    found = correlations(
        {
            "constant": np.full(5, 0.1),
            "short": np.array([1.0, 2.0, nan, nan, 3.0]),
            "empty": np.full(5, nan),
            "good": np.array([1.0, 3.0, 2.0, 4.0, 9.0]),
        },
        y,
        seed=0,
    )
    assert [entry["n"] for entry in found] == [4, 2, 0, 4]
    assert found[0]["reason"] == "the measure is constant"
    assert "2 complete rows" in found[1]["reason"]
    assert found[0]["pearson"] is None
    assert found[3]["reason"] == "4 complete rows; a bootstrap interval needs 5"
    assert "reason" not in correlations({"m": np.array([1.0, 3.0, 2.0, 4.0, 9.0])}, np.arange(5.0), 0)[0]
    assert found[3]["q"] == found[3]["p"]  # the only test made
    json.dumps(found, allow_nan=False)
    assert correlations({"m": y[:4]}, np.ones(4), 0)[0]["reason"] == "the target is constant"


def test_a_measure_keeps_its_interval_whatever_else_is_asked_for() -> None:
    random = np.random.default_rng(5)
    x, other, y = random.normal(size=(3, 50))
    gaps = np.where(np.arange(50) < 4, np.nan, other)
    alone = correlations({"x": x}, y, 1)[0]
    beside = correlations({"gaps": gaps, "other": other, "x": x}, y, 1)[2]
    assert {k: v for k, v in alone.items() if k != "q"} == {k: v for k, v in beside.items() if k != "q"}
    assert alone["pearson_ci"] != correlations({"x": x}, y, 2)[0]["pearson_ci"]


def test_a_perfect_relation_and_three_rows() -> None:
    entry = correlations({"m": np.array([1.0, 2.0, 3.0])}, np.array([2.0, 4.0, 6.0]), 0)[0]
    assert entry["pearson"] == pytest.approx(1.0)
    assert entry["p"] == pytest.approx(0.0, abs=1e-7)
    assert entry["spearman_ci"][0] < 0.0  # three rows in order prove nothing
    assert entry["pearson_ci"] is None
    assert entry["spearman_ci"][1] == 1.0
