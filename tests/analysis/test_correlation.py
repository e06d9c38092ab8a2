"""Correlations beside scipy and statsmodels, and a bootstrap written the slow way."""

from __future__ import annotations

import json

import numpy as np
import pytest
from scipy import stats
from statsmodels.stats.multitest import multipletests

from lmgeo.analysis import bootstrap
from lmgeo.analysis.bootstrap import Ranked, resample_counts
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


def test_resampled_estimates_equal_gathering_and_ranking_each_time(
    columns: tuple[np.ndarray, np.ndarray], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bootstrap, "_RESAMPLES", 150)
    x, y = columns
    if np.mean(x) > 1e6:
        y = y * 1e200  # scipy loses such numbers
    entry = correlations({"m": x}, y, seed=3)[0]
    counts = np.concatenate(list(resample_counts(len(x), 3)), axis=1).astype(int)
    rows = [np.repeat(np.arange(len(x)), c) for c in counts.T]
    pearson = [np.corrcoef(x[r], y[r])[0, 1] for r in rows]
    spearman = [np.corrcoef(stats.rankdata(x[r]), stats.rankdata(y[r]))[0, 1] for r in rows]
    assert entry["pearson_ci"] == pytest.approx(np.percentile(pearson, [2.5, 97.5]), abs=1e-6)
    assert entry["spearman_ci"] == pytest.approx(np.percentile(spearman, [2.5, 97.5]), abs=1e-9)


def test_intervals_agree_with_scipys_bootstrap() -> None:
    random = np.random.default_rng(0)
    x = random.normal(size=200)
    y = x + random.normal(size=200)
    theirs = stats.bootstrap(
        (x, y), lambda a, b, axis: stats.pearsonr(a, b, axis=axis).statistic, paired=True, vectorized=True,
        method="percentile", n_resamples=1500, rng=np.random.default_rng(1),
    ).confidence_interval  # fmt: skip
    assert correlations({"m": x}, y, 0)[0]["pearson_ci"] == pytest.approx([theirs.low, theirs.high], abs=0.02)


def test_ranks_under_counts_are_mid_ranks() -> None:
    x = np.array([3.0, 1.0, 3.0, 2.0])
    counts = np.array([[2.0], [0.0], [1.0], [1.0]])
    expanded = stats.rankdata([3, 3, 3, 2])  # rows 0, 0, 2, 3
    ranks = Ranked.of(x).ranks(counts)[:, 0] * 4 + 2.5
    assert ranks[[0, 2, 3]] == pytest.approx([expanded[0], expanded[2], expanded[3]])


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
    assert "reason" not in found[3]
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
