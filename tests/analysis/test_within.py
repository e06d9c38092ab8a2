"""Correlation within groups and by size, beside doing it group by group."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from lmgeo.analysis.analyze import analyze
from lmgeo.analysis.bootstrap import Ranked
from lmgeo.analysis.rank_influence import Left, rank_correlation
from lmgeo.analysis.strata import bands
from lmgeo.analysis.within import RankedWithin
from lmgeo.core.spec.blocks import AnalyzeSpec


def families(n: int = 60, seed: int = 0) -> pd.DataFrame:
    """Families far apart in both columns; within each, the measure falls as the score rises."""
    random = np.random.default_rng(seed)
    family = np.arange(n) % 4
    x = random.normal(size=n)
    return pd.DataFrame(
        {
            "model": [f"m{i}" for i in range(n)],
            "family": [f"f{i}" for i in family],
            "width": np.array([64, 128, 256])[np.arange(n) // 4 % 3],
            "eee": x + 5.0 * family,
            "y": -x + 0.5 * random.normal(size=n) + 5.0 * family,
        }
    )


def facts(table: pd.DataFrame, **spec: Any) -> dict[str, Any]:
    found = analyze(table, AnalyzeSpec(target="y", measures=["eee"], **spec))
    json.dumps(found, allow_nan=False)
    return found


def test_equal_groups_give_the_mean_of_their_spearmans() -> None:
    table = families()
    entry = facts(table)["within"][0]
    each = [stats.spearmanr(part["eee"], part["y"]).statistic for _, part in table.groupby("family")]
    assert entry["spearman"] == pytest.approx(np.mean(each), abs=1e-12)
    assert (entry["measure"], entry["by"], entry["groups"], entry["n"]) == ("eee", "family", 4, 60)
    assert entry["ci"][0] < entry["spearman"] < entry["ci"][1] < 0.0
    t = entry["spearman"] * np.sqrt(55 / (1 - entry["spearman"] ** 2))
    assert entry["p"] == pytest.approx(2 * stats.t.sf(abs(t), 55), rel=1e-8)
    assert facts(table)["correlations"][0]["spearman"] > 0.5  # the other way, over all families


def test_one_group_is_plain_spearman() -> None:
    x, y = np.round(np.random.default_rng(0).normal(size=(2, 30)), 1)
    one = np.zeros(30, dtype=np.int64)
    plain = rank_correlation(Left.raw(Ranked.of(x)), Left.raw(Ranked.of(y)))
    inside = rank_correlation(*(Left.raw(RankedWithin.of(c, one)) for c in (x, y)))
    assert inside[0] == pytest.approx(plain[0], abs=1e-12)
    assert inside[1] == pytest.approx(plain[1], abs=1e-9)


def test_influence_within_groups_is_the_derivative_by_a_rows_weight() -> None:
    groups = np.repeat([0, 1, 2], [3, 6, 15])
    columns = np.round(np.random.default_rng(1).normal(size=(2, 24)), 1)

    def weighted(w: np.ndarray) -> float:
        u = np.empty((2, 24))
        for g in range(3):
            rows = groups == g
            for i, c in enumerate(columns[:, rows]):
                u[i, rows] = ((c[:, None] > c) + 0.5 * (c[:, None] == c)) @ w[rows] / w[rows].sum() - 0.5
        return float((w * u[0]) @ u[1] / np.sqrt((w * u[0]) @ u[0] * ((w * u[1]) @ u[1])))

    r, influence = rank_correlation(*(Left.raw(RankedWithin.of(c, groups)) for c in columns))
    assert r == pytest.approx(weighted(np.ones(24)), abs=1e-12)
    for row in range(24):
        step = 1e-4 * (np.arange(24) == row)
        assert influence[row] == pytest.approx(24 * (weighted(1.0 + step) - weighted(1.0 - step)) / 2e-4, abs=1e-6)


def test_groups_that_tell_nothing_are_left_out() -> None:
    table = families()
    table.loc[table["family"] == "f0", "eee"] = 1.0
    table.loc[np.flatnonzero(table["family"] == "f1")[2:], "eee"] = np.nan  # two rows are left
    entry = facts(table)["within"][0]
    assert (entry["groups"], entry["n"]) == (2, 30)
    flat = facts(table.assign(eee=table["family"].str[1].astype(float)))["within"][0]
    assert flat["spearman"] is None
    assert "no group" in flat["reason"]


def test_without_groups_or_sizes_both_parts_are_empty() -> None:
    found = facts(families().drop(columns=["family", "width"]))
    assert found["within"] == found["strata"] == []
    unique = families().assign(family=[f"f{i}" for i in range(60)])
    assert facts(unique)["within"] == []


def test_the_named_factor_comes_before_families() -> None:
    assert facts(families().assign(kind=list("uv") * 30), by="kind")["within"][0]["by"] == "kind"


def test_strata_are_spearman_on_the_rows_of_a_size() -> None:
    table = families()
    found = facts(table)["strata"]
    assert [(e["by"], e["level"], e["n"]) for e in found] == [
        ("width", "64", 20),
        ("width", "128", 20),
        ("width", "256", 20),
    ]
    for entry in found:
        part = table[table["width"] == int(entry["level"])]
        assert entry["spearman"] == pytest.approx(stats.spearmanr(part["eee"], part["y"]).statistic)
        assert entry["ci"][0] < entry["spearman"] < entry["ci"][1]


def test_many_sizes_are_cut_into_bands_named_by_their_range() -> None:
    sizes = np.array([*range(1, 17), np.nan], dtype=float)
    found = bands(sizes)
    assert list(found) == ["1–4", "5–8", "9–12", "13–16"]
    assert [int(rows.sum()) for rows in found.values()] == [4, 4, 4, 4]
    lumped = bands(np.array([1.0] * 40 + [2.0, 3, 4, 5, 6, 7, 8]))
    assert list(lumped) == ["1–1", "2–8"]
    assert list(bands(np.array([0.5, 2.0, np.nan]))) == ["0.5", "2"]


def test_a_size_with_too_few_rows_has_a_reason() -> None:
    table = families()
    table.loc[0, "width"] = 4096
    entry = facts(table)["strata"][-1]
    assert (entry["level"], entry["n"], entry["spearman"], entry["ci"]) == ("4096", 1, None, None)
    assert "1 complete rows" in entry["reason"]
