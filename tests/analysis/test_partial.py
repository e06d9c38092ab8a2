"""Partial correlation beside residuals by hand and their bootstrap, and its honesty on confounded data."""

from __future__ import annotations

import re

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from threadpoolctl import ThreadpoolController

from lmgeo.analysis.clusters import Clusters
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


def estimate(table: pd.DataFrame, controls: list[str]) -> dict:
    held = read_controls(table, controls)
    return partials({"x": table["x"].to_numpy()}, table["y"].to_numpy(), held)[0]


def test_estimate_and_p_equal_residuals_of_ranks() -> None:
    table = confounded(80, 1, effect=0.3)
    found = estimate(table, ["z", "g"])
    r = by_hand(table)
    t = r * np.sqrt((80 - 2 - 3) / (1 - r * r))
    assert found["spearman"] == pytest.approx(r, abs=1e-10)
    assert found["p"] == pytest.approx(2 * stats.t.sf(abs(t), 75), rel=1e-8)
    assert found["controls"] == ["z", "g"]
    assert {type(v) for v in [found["spearman"], found["p"], *found["ci"]]} == {float}


def test_interval_is_about_that_of_a_bootstrap_that_ranks_and_regresses_each_time() -> None:
    table = confounded(300, 2, effect=0.5)
    random = np.random.default_rng(0)
    draws = [by_hand(table.iloc[random.integers(0, 300, size=300)]) for _ in range(400)]
    found = estimate(table, ["z", "g"])
    assert np.arctanh(found["ci"]) == pytest.approx(np.arctanh(np.percentile(draws, [2.5, 97.5])), abs=0.06)


def test_a_confounder_without_effect_leaves_an_interval_that_covers_zero() -> None:
    covered, raw = 0, 0
    for seed in range(200):
        table = confounded(80, 100 + seed)
        low, high = estimate(table, ["z", "g"])["ci"]
        covered += low <= 0 <= high
        raw += stats.spearmanr(table["x"], table["y"]).pvalue < 0.01
    assert raw == 200
    assert 182 <= covered < 200  # 95 % of 200 is 190; fewer than 182 has a chance of 1 in 200


def test_what_ranks_leave_of_several_controls_is_said_and_allowed_for() -> None:
    random = np.random.default_rng(0)
    z = random.normal(size=(4000, 2))
    x, y = (z.sum(axis=1) * 1.5 + random.normal(size=4000) for _ in range(2))  # no effect
    found = estimate(pd.DataFrame({"x": x, "y": np.exp(y), "a": z[:, 0], "b": z[:, 1]}), ["a", "b"])
    assert found["spearman"] > 0.1  # far beyond its standard error of 0.016
    assert found["ci"][0] <= 0.0
    expected = re.search(r"about (0\.\d\d) is expected without any effect", found["adjustment"])
    assert expected
    assert float(expected[1]) == pytest.approx(found["spearman"], abs=0.04)
    quiet = estimate(pd.DataFrame({"x": z[:, 1] + x, "y": random.normal(size=4000), "a": z[:, 0]}), ["a"])
    assert quiet["adjustment"] == "residuals of ranks, linear in a as ranks"


def test_clusters_widen_the_interval_and_raise_p() -> None:
    table = confounded(20, 6)
    copies = pd.concat([table] * 6, ignore_index=True)
    copies[["x", "y"]] += 0.05 * np.random.default_rng(0).normal(size=(120, 2))
    held = read_controls(copies, ["z"])
    x, y = {"x": copies["x"].to_numpy()}, copies["y"].to_numpy()
    rows, bases = (partials(x, y, held, c)[0] for c in (None, Clusters("base", np.tile(np.arange(20), 6))))
    assert rows["spearman"] == bases["spearman"]
    assert np.diff(bases["ci"]) > 1.8 * np.diff(rows["ci"])
    assert bases["p"] > rows["p"]
    assert bases["adjustment"].endswith("interval and p over 20 clusters, each a base")
    assert (bases["p"] > 0.05) == (bases["ci"][0] <= 0.0 <= bases["ci"][1])


def test_clusters_that_controls_use_up_leave_an_estimate_without_interval() -> None:
    table = confounded(60, 7)
    held = read_controls(table.assign(h=table["x"] ** 2, k=table["y"] ** 2), ["z", "g", "h", "k"])
    found = partials({"x": table["x"].to_numpy()}, table["y"].to_numpy(), held, Clusters("base", np.arange(60) % 5))[0]
    assert found["ci"] is found["p"] is None
    assert found["spearman"] is not None
    assert found["reason"] == "5 clusters for 5 controls"


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


def test_the_same_bits_on_any_number_of_threads() -> None:
    table = confounded(900, 8)
    table["level"] = [f"l{i % 170}" for i in range(900)]  # many dummies, as linear algebra would share out
    found = []
    for threads in (1, 2):
        with ThreadpoolController().limit(limits=threads):
            found.append(estimate(table, ["z", "level"]))
    assert found[0] == found[1]


def test_controls_with_very_many_levels() -> None:
    table = confounded(2000, 9)
    table["level"] = [f"l{i % 600}" for i in range(2000)]
    found = estimate(table, ["z", "level"])
    assert abs(found["spearman"]) < 0.1
    assert found["ci"][0] < 0.0 < found["ci"][1]
