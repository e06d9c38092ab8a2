"""How far measures say the same, beside scipy and planted dimensions."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest
from scipy.cluster.hierarchy import leaves_list, linkage
from scipy.spatial.distance import squareform
from scipy.stats import spearmanr

from lmgeo.analysis import rank_matrix as module
from lmgeo.analysis.alignment import MOST_SHOWN, alignment
from lmgeo.analysis.rank_matrix import rank_matrix
from tests.analysis.whole import data_of


def planted(dimensions: int, n: int = 300, each: int = 4, seed: int = 0) -> pd.DataFrame:
    """`each` measures of every one of some independent things, and a target."""
    random = np.random.default_rng(seed)
    things = random.normal(size=(n, dimensions))
    columns = np.repeat(things, each, axis=1) + 0.5 * random.normal(size=(n, dimensions * each))
    names = [f"{'abcdefgh'[i // each]}{i % each}" for i in range(dimensions * each)]
    return pd.DataFrame(np.exp(columns), columns=names).assign(y=random.normal(size=n))


def of(rows: pd.DataFrame) -> dict:
    return alignment(data_of(rows, measures=[c for c in rows.columns if c != "y"]))


@pytest.mark.parametrize("dimensions", [1, 2, 3, 5])
def test_the_planted_number_of_dimensions_is_found(dimensions: int) -> None:
    found = of(planted(dimensions))
    assert found["dimensions"] == dimensions
    assert found["n"] == 300
    assert sum(found["eigenvalues"]) == pytest.approx(4 * dimensions)
    assert found["thresholds"] == sorted(found["thresholds"], reverse=True)


def test_correlations_equal_scipy_on_each_pairs_rows() -> None:
    rows = planted(2, n=60).round(1)  # ties
    random = np.random.default_rng(1)
    for name in ("a1", "a2", "b0"):
        rows.loc[random.choice(60, 9, replace=False), name] = np.nan
    found = of(rows)
    for i, a in enumerate(found["measures"]):
        for j, b in enumerate(found["measures"]):
            both = rows[[a, b]].dropna() if i != j else rows[[a]].dropna()
            expected = spearmanr(both[a], both[b]).statistic if i != j else 1.0
            assert found["spearman"][i][j] == pytest.approx(expected, abs=1e-12)
    complete = rows.drop(columns="y").dropna()
    assert found["n"] == len(complete)
    np.testing.assert_allclose(
        found["eigenvalues"], np.linalg.eigvalsh(complete.corr("spearman").to_numpy())[::-1], atol=1e-10
    )


def test_the_order_puts_like_beside_like_and_is_scipys() -> None:
    rows = planted(3)[["b0", "a0", "c0", "a1", "c1", "b1", "a2", "y"]].assign(a2=lambda t: -t["a2"])
    found = of(rows)
    assert [name[0] for name in found["order"]] in (
        [*"aaabbcc"], [*"aaaccbb"], [*"bbaaacc"], [*"bbccaaa"], [*"ccaaabb"], [*"ccbbaaa"]
    )  # fmt: skip
    apart = 1 - np.abs(rows.drop(columns="y").corr("spearman").to_numpy())
    tree = linkage(squareform(apart, checks=False), "average", optimal_ordering=True)
    assert found["order"] == [found["measures"][i] for i in leaves_list(tree)]


def test_fewer_rows_than_measures_still_count_dimensions() -> None:
    found = of(planted(1, n=15, each=20))
    assert found["dimensions"] == 1
    assert len(found["eigenvalues"]) == 20
    assert min(found["eigenvalues"]) == 0.0


def test_too_few_complete_rows_give_the_matrix_and_a_reason() -> None:
    rows = planted(2, n=40)
    rows.loc[5:, "b1"] = np.nan
    found = of(rows)
    assert found["dimensions"] is found["eigenvalues"] is found["thresholds"] is None
    assert "'b1'" in found["reason"]
    assert found["spearman"][0][1] == pytest.approx(rows["a0"].corr(rows["a1"], "spearman"))


def test_pairs_without_common_rows_are_null() -> None:
    rows = planted(2, n=40)
    rows.loc[:20, "a0"] = np.nan
    rows.loc[19:, "b0"] = np.nan
    found = of(rows)
    i, j = found["measures"].index("a0"), found["measures"].index("b0")
    assert found["spearman"][i][j] is None
    assert sorted(found["order"]) == sorted(found["measures"])


def test_unusable_measures_are_left_out() -> None:
    rows = planted(1, n=30).assign(flat=2.0, rare=np.nan)
    rows.loc[:1, "rare"] = [1.0, 2.0]
    assert of(rows)["measures"] == ["a0", "a1", "a2", "a3"]
    assert of(rows[["a0", "flat", "y"]]) is None


def test_a_measure_that_is_constant_on_the_complete_rows_is_named() -> None:
    rows = planted(1, n=40).assign(z=[1.0] * 30 + [2.0] * 10)
    rows.loc[30:, "a0"] = np.nan
    found = of(rows)
    assert found["dimensions"] is None
    assert "'z'" in found["reason"]


def test_many_unlike_patterns_are_ranked_once_and_said(monkeypatch: pytest.MonkeyPatch) -> None:
    random = np.random.default_rng(2)
    columns = {f"m{i}": random.normal(size=400) for i in range(12)}
    columns["m1"] = columns["m0"] + 0.5 * random.normal(size=400)
    for values in columns.values():
        values[random.choice(400, 4, replace=False)] = np.nan
    exact, anew = rank_matrix(columns)
    assert anew
    monkeypatch.setattr(module, "_MOST_RANKS", 10)
    once, anew = rank_matrix(columns)
    assert not anew
    np.testing.assert_allclose(once, exact, atol=0.01)
    found = alignment(data_of(pd.DataFrame(columns).assign(y=0.5 + np.arange(400)), measures=list(columns)))
    assert "ranked once" in found["reason"]


def test_hundreds_of_measures_give_no_matrix_but_the_rest() -> None:
    random = np.random.default_rng(3)
    rows = pd.DataFrame(random.normal(size=(40, MOST_SHOWN + 1))).add_prefix("m").assign(y=random.normal(size=40))
    found = of(rows)
    assert found["spearman"] is None
    assert str(MOST_SHOWN) in found["reason"]
    assert len(found["order"]) == MOST_SHOWN + 1
    json.dumps(found, allow_nan=False)


def test_it_repeats_exactly_and_the_seed_moves_thresholds_alone() -> None:
    rows = planted(2)
    assert of(rows) == of(rows)
    names = [c for c in rows.columns if c != "y"]
    other = alignment(data_of(rows, measures=names, seed=1))
    assert other["thresholds"] != of(rows)["thresholds"]
    assert other["spearman"] == of(rows)["spearman"]
