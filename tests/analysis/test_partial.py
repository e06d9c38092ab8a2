"""Partial correlation beside residuals by hand, its bootstrap, and its honesty on confounded data."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from lmgeo.analysis import bootstrap
from lmgeo.analysis.bootstrap import resample_counts
from lmgeo.analysis.controls import read_controls
from lmgeo.analysis.partial import partials


def confounded(n: int, seed: int, effect: float = 0.0) -> pd.DataFrame:
    random = np.random.default_rng(seed)
    group = random.choice(["a", "b", "c"], n)
    common = random.normal(size=n) + (group == "b")
    x = common + random.normal(size=n)
    return pd.DataFrame({"x": x, "y": 2 * common + effect * x + random.normal(size=n), "z": common, "g": group})


def by_hand(table: pd.DataFrame) -> float:
    held = np.column_stack([np.ones(len(table)), stats.rankdata(table["z"]), table["g"] == "b", table["g"] == "c"])
    left = [
        ranks - held @ np.linalg.lstsq(held, ranks, rcond=None)[0]
        for ranks in (stats.rankdata(table["x"]), stats.rankdata(table["y"]))
    ]
    return float(stats.pearsonr(*left).statistic)


def estimate(table: pd.DataFrame, controls: list[str], seed: int = 0) -> dict:
    held = read_controls(table, controls)
    return partials({"x": table["x"].to_numpy()}, table["y"].to_numpy(), held, seed)[0]


def test_estimate_and_p_equal_residuals_of_ranks() -> None:
    table = confounded(80, 1, effect=0.3)
    found = estimate(table, ["z", "g"])
    r = by_hand(table)
    t = r * np.sqrt((80 - 2 - 3) / (1 - r * r))
    assert found["spearman"] == pytest.approx(r, abs=1e-10)
    assert found["p"] == pytest.approx(2 * stats.t.sf(abs(t), 75), rel=1e-8)
    assert found["controls"] == ["z", "g"]


def test_interval_equals_ranking_and_regressing_each_resample(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bootstrap, "_RESAMPLES", 100)
    table = confounded(40, 2)
    counts = np.concatenate(list(resample_counts(40, 0)), axis=1).astype(int)
    draws = [by_hand(table.iloc[np.repeat(np.arange(40), c)]) for c in counts.T]
    assert estimate(table, ["z", "g"])["ci"] == pytest.approx(np.percentile(draws, [2.5, 97.5]), abs=1e-8)


def test_a_confounder_without_effect_leaves_an_interval_that_covers_zero(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bootstrap, "_RESAMPLES", 400)
    covered, raw = 0, 0
    for seed in range(40):
        table = confounded(150, 100 + seed)
        low, high = estimate(table, ["z"])["ci"]
        covered += low <= 0 <= high
        raw += stats.spearmanr(table["x"], table["y"]).pvalue < 0.01
    assert raw == 40
    assert covered >= 34  # 95 % of 40 is 38; fewer than 34 has a chance under 1 in 100


def test_an_effect_beyond_the_control_is_found() -> None:
    assert estimate(confounded(300, 5, effect=1.0), ["z", "g"])["ci"][0] > 0.2


def test_controls_that_leave_nothing_are_said() -> None:
    table = confounded(30, 3)
    table["copy"] = table["x"] ** 3  # the same ranks
    assert "determine" in estimate(table, ["copy"])["reason"]
    table["name"] = [f"m{i}" for i in range(30)]
    assert "too few" in estimate(table, ["name"])["reason"]
    table["flat"] = 1.0
    assert estimate(table, ["flat", "z"])["spearman"] == pytest.approx(estimate(table, ["z"])["spearman"])


def test_rows_without_a_control_are_left_out() -> None:
    table = confounded(50, 4)
    table.loc[[0, 1], "z"] = np.nan
    table["g"] = table["g"].astype(object)
    table.loc[2, "g"] = None
    found = estimate(table, ["z", "g"])
    assert found["n"] == 47
    assert found["spearman"] == pytest.approx(by_hand(table.iloc[3:]), abs=1e-10)
