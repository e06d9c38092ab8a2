"""What measures reflect, beside statsmodels, scikit-learn and planted truth."""

from __future__ import annotations

import itertools
import json
from math import factorial

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
import statsmodels.formula.api as smf
from scipy.stats import t as student
from sklearn.linear_model import LinearRegression
from statsmodels.stats.anova import anova_lm

from lmgeo.analysis.reflects import reflects
from lmgeo.analysis.shares import ORDERS
from tests.analysis.whole import data_of


def table(n: int = 120, seed: int = 0) -> pd.DataFrame:
    random = np.random.default_rng(seed)
    rows = pd.DataFrame(
        {
            "width": random.choice([64, 128, 256], n),
            "dropout": random.choice([0.01, 0.1, 0.5], n),
            "kind": random.choice(["noise", "prune", "quantize"], n),
            "alpha": random.uniform(0, 100, n),
        }
    )
    steps = rows["kind"].map({"noise": 0.0, "prune": 1.0, "quantize": -1.0})
    rows["m"] = 0.01 * rows["width"] + steps + random.normal(size=n)
    rows["o"] = -0.02 * rows["alpha"] + 0.01 * rows["alpha"] * (rows["width"] > 100) + random.normal(size=n)
    rows["y"] = rows["m"] + 3 * rows["dropout"] + random.normal(size=n)
    return rows


def of(entries: list[dict], measure: str) -> dict:
    return next(entry for entry in entries if entry["measure"] == measure)


def part(entry: dict, choice: str) -> dict:
    return next(part for part in entry["choices"] if part["choice"] == choice)


FORMULA = "{} ~ C(kind) + alpha + width + dropout"


@pytest.mark.parametrize("name", ["m", "o", "y"])
def test_shares_and_tests_equal_type_two_anova(name: str) -> None:
    rows = table()
    entry = of(reflects(data_of(rows, measures=["m", "o"])), name)
    model = smf.ols(FORMULA.format(name), rows).fit()
    theirs = anova_lm(model, typ=2)
    total = float(np.sum((rows[name] - rows[name].mean()) ** 2))
    assert entry["n"] == 120
    assert entry["r2"] == pytest.approx(model.rsquared, abs=1e-10)
    assert entry.get("target", False) is (name == "y")
    assert [p["choice"] for p in entry["choices"]] == ["kind", "alpha", "width", "dropout"]
    for found in entry["choices"]:
        row = theirs.loc["C(kind)" if found["choice"] == "kind" else found["choice"]]
        assert found["df"] == row["df"]
        assert found["type2_share"] == pytest.approx(row["sum_sq"] / total, abs=1e-10)
        assert found["p"] == pytest.approx(row["PR(>F)"], rel=1e-6)


@pytest.mark.parametrize(("choice", "term"), [("kind", "C(kind)"), ("alpha", "alpha")])
def test_interaction_with_size_equals_a_comparison_of_models(choice: str, term: str) -> None:
    rows = table()
    entry = of(reflects(data_of(rows, measures=["m", "o"])), "o")
    plain = smf.ols(FORMULA.format("o"), rows).fit()
    crossed = smf.ols(FORMULA.format("o") + f" + {term}:width", rows).fit()
    found = part(entry, choice)["with_size"]
    assert found["share"] == pytest.approx(crossed.rsquared - plain.rsquared, abs=1e-10)
    assert found["p"] == pytest.approx(anova_lm(plain, crossed)["Pr(>F)"].iloc[1], rel=1e-6)
    assert part(entry, "width")["with_size"] is None


def test_curves_are_what_values_taken_one_by_one_add_to_a_line() -> None:
    random = np.random.default_rng(8)
    rows = pd.DataFrame({"batch_size": random.choice([32, 64, 128, 256], 200), "alpha": random.uniform(-1, 1, 200)})
    rows["m"] = (rows["batch_size"] == 64) + rows["alpha"] ** 2 + 0.3 * random.normal(size=200)
    rows["y"] = rows["alpha"] + random.normal(size=200)
    entries = reflects(data_of(rows, measures=["m"]))
    straight = smf.ols("m ~ alpha + np.log10(batch_size)", rows).fit()
    stepped = smf.ols("m ~ alpha + C(batch_size)", rows).fit()
    found = part(of(entries, "m"), "batch_size")["curved"]
    assert found["share"] == pytest.approx(stepped.rsquared - straight.rsquared, abs=1e-10)
    assert found["p"] == pytest.approx(anova_lm(straight, stepped)["Pr(>F)"].iloc[1], rel=1e-6)
    bowl = part(of(entries, "m"), "alpha")
    assert bowl["type2_share"] < 0.05
    assert bowl["curved"]["share"] > 0.2
    assert part(of(entries, "y"), "alpha")["curved"]["p"] > 0.01


def test_two_values_and_levels_have_no_curve() -> None:
    rows = table().assign(dropout=lambda t: t["dropout"].clip(upper=0.1))
    entry = of(reflects(data_of(rows, measures=["m"])), "m")
    assert part(entry, "dropout")["curved"] is None
    assert part(entry, "kind")["curved"] is None
    assert part(entry, "width")["curved"] is not None


def test_size_that_is_no_choice_is_held_beside_the_interaction() -> None:
    rows = table()
    entry = of(reflects(data_of(rows, measures=["o"], controls=["alpha"])), "o")
    plain, crossed = (smf.ols(f, rows).fit() for f in ("o ~ alpha + width", "o ~ alpha * width"))
    assert part(entry, "alpha")["with_size"]["share"] == pytest.approx(crossed.rsquared - plain.rsquared, abs=1e-10)
    assert entry["r2"] == pytest.approx(smf.ols("o ~ alpha", rows).fit().rsquared, abs=1e-10)


def test_shapley_shares_equal_brute_force() -> None:
    rows = table()
    entry = of(reflects(data_of(rows, measures=["m"])), "m")
    blocks = {name: rows[[name]] for name in ("alpha", "width", "dropout")}
    blocks["kind"] = pd.get_dummies(rows["kind"], drop_first=True).astype(float)

    def r2(names: tuple[str, ...]) -> float:
        if not names:
            return 0.0
        x = np.column_stack([blocks[name] for name in names])
        return LinearRegression().fit(x, rows["m"]).score(x, rows["m"])

    for name in blocks:
        others, expected = [other for other in blocks if other != name], 0.0
        for size in range(4):
            weight = factorial(size) * factorial(3 - size) / factorial(4)
            for some in itertools.combinations(others, size):
                expected += weight * (r2((*some, name)) - r2(some))
        assert part(entry, name)["shapley"] == pytest.approx(expected, abs=1e-10)
    assert "shapley_orders" not in entry


def test_planted_shares_are_recovered() -> None:
    random = np.random.default_rng(1)
    rows = pd.DataFrame(
        {
            "dropout": np.tile([0.0, 1.0], 2000),
            "rule": np.tile(np.repeat(["a", "b"], 2), 1000),
            "alpha": random.normal(size=4000),
            "y": random.normal(size=4000),
        }
    )
    noise = random.normal(size=4000) * np.sqrt(0.3)
    rows["m"] = np.sqrt(0.4) * (2 * rows["dropout"] - 1) + np.sqrt(0.3) * rows["alpha"] + noise
    entry = of(reflects(data_of(rows, measures=["m"])), "m")
    assert entry["r2"] == pytest.approx(0.7, abs=0.03)
    for name, share in (("dropout", 0.4), ("rule", 0.0), ("alpha", 0.3)):
        assert part(entry, name)["type2_share"] == pytest.approx(share, abs=0.03)
        assert part(entry, name)["shapley"] == pytest.approx(share, abs=0.03)
    assert part(entry, "rule")["p"] > 0.001
    low, high = part(entry, "dropout")["effect_ci"]
    assert low < np.sqrt(0.4) < high
    assert part(entry, "alpha")["with_size"] is None


def test_effects_are_standardised_coefficients_with_jackknife_intervals() -> None:
    rows = table()
    entry = of(reflects(data_of(rows, measures=["m"])), "m")
    levels = pd.get_dummies(rows["kind"]).astype(float)[["prune", "quantize"]]
    design = sm.add_constant(pd.concat([rows[["alpha", "width", "dropout"]], levels], axis=1))
    fit = sm.OLS(rows["m"], design).fit(cov_type="HC3")
    reach = student.ppf(0.975, 119) * np.sqrt(119 / 120)
    per = rows["width"].std() / rows["m"].std()
    found = part(entry, "width")
    assert found["effect"] == pytest.approx(fit.params["width"] * per, rel=1e-8)
    assert found["effect_ci"][1] - found["effect"] == pytest.approx(fit.bse["width"] * per * reach, rel=1e-6)
    kind = part(entry, "kind")
    assert kind["between"] == ["quantize", "prune"]
    assert kind["effect"] == pytest.approx((fit.params["prune"] - fit.params["quantize"]) / rows["m"].std(), rel=1e-8)
    assert kind["effect_ci"][0] < kind["effect"] < kind["effect_ci"][1]


def test_intervals_over_clusters_cover_a_slope_that_rows_alone_do_not() -> None:
    covered = {True: 0, False: 0}
    for seed in range(60):
        random = np.random.default_rng(seed)
        base = np.repeat(np.arange(12), 6)
        rows = pd.DataFrame({"base": [f"b{i}" for i in base], "alpha": np.tile(np.arange(6.0), 12)})
        rows["dropout"] = random.normal(size=12)[base]
        rows["m"] = random.normal(size=12)[base] + 0.3 * random.normal(size=72)  # no effect of weight decay
        rows["y"] = random.normal(size=72)
        for clustered in covered:
            used = rows if clustered else rows.drop(columns="base")
            low, high = part(of(reflects(data_of(used, measures=["m"])), "m"), "dropout")["effect_ci"]
            covered[clustered] += low <= 0.0 <= high
    assert covered[True] >= 0.9 * 60
    assert covered[False] < 0.7 * 60


def test_confounded_choices_have_no_type_two_share_and_are_never_split_by_order() -> None:
    rows = table().assign(layers=lambda t: t["width"] / 32, rule=lambda t: t["kind"].str.upper())
    for order in (["width", "layers", "kind", "rule"], ["rule", "layers", "kind", "width"]):
        entry = of(reflects(data_of(rows, measures=["m"], controls=order)), "m")
        for found in entry["choices"]:
            assert (found["type2_share"], found["p"], found["effect"], found["df"]) == (None, None, None, 0)
            assert "determine" in found["reason"]
        assert part(entry, "width")["shapley"] == pytest.approx(part(entry, "layers")["shapley"], abs=1e-12)
        assert part(entry, "kind")["shapley"] == pytest.approx(part(entry, "rule")["shapley"], abs=1e-12)
        assert entry["r2"] == pytest.approx(smf.ols("m ~ width + C(kind)", rows).fit().rsquared, abs=1e-9)


def test_empty_text_is_a_level_and_a_single_level_beside_it_is_none() -> None:
    rows = table().assign(rule="marbut2024")
    rows.loc[:20, ["kind", "rule"]] = None
    entry = of(reflects(data_of(rows, measures=["m"])), "m")
    assert (entry["n"], part(entry, "kind")["df"]) == (120, 3)
    assert "rule" not in [found["choice"] for found in entry["choices"]]


def test_sparse_numbers_and_names_are_set_aside() -> None:
    rows = table().assign(dropout=np.nan, tag=[f"run {i}" for i in range(120)])
    rows.loc[:10, "dropout"] = 0.1
    rows.loc[:4, "dropout"] = 0.0
    entry = of(reflects(data_of(rows, measures=["m"], controls=["dropout", "tag", "alpha"])), "m")
    assert "11 of 120" in part(entry, "dropout")["reason"]
    assert "120 levels" in part(entry, "tag")["reason"]
    assert part(entry, "alpha")["df"] == 1
    only = of(reflects(data_of(rows, measures=["m"], controls=["tag"])), "m")
    assert only["r2"] is None
    assert "120 levels" in only["reason"]


def test_more_than_ten_choices_are_sampled_and_said() -> None:
    random = np.random.default_rng(5)
    rows = pd.DataFrame(random.normal(size=(200, 12)), columns=[f"c{i}" for i in range(12)])
    rows["m"] = rows["c0"] + rows["c1"] + random.normal(size=200)
    rows["y"] = random.normal(size=200)
    controls = [f"c{i}" for i in range(12)]
    entry = of(reflects(data_of(rows, measures=["m"], controls=controls)), "m")
    assert entry["shapley_orders"] == ORDERS
    assert sum(found["shapley"] for found in entry["choices"]) == pytest.approx(entry["r2"], abs=1e-10)
    assert part(entry, "c0")["shapley"] == pytest.approx(1 / 3, abs=0.12)


def test_a_measure_is_the_same_to_the_bit_whatever_stands_beside() -> None:
    rows = table()
    rows.loc[:5, "o"] = np.nan
    both = reflects(data_of(rows, measures=["m", "o"]))
    for name in ("m", "o"):
        assert of(reflects(data_of(rows, measures=[name])), name) == of(both, name)
    more = rows.assign(**{f"z{i}": rows["m"] ** 2 + i for i in range(7)})
    assert of(reflects(data_of(more, measures=[*(f"z{i}" for i in range(7)), "m"])), "m") == of(both, "m")


def test_no_choices_no_entries() -> None:
    assert reflects(data_of(table()[["m", "o", "y"]])) == []


@pytest.mark.parametrize(
    "change",
    [
        {"m": 3.0},
        {"m": np.nan},
        {"y": 1.0},
        {"m": lambda t: 1e300 * t["m"]},
        {"m": lambda t: t["alpha"]},
        {"width": np.nan},
        {"alpha": lambda t: t["alpha"].where(t.index > 116)},
        {"dropout": lambda t: (t.index == 3).astype(float)},
    ],
)
@pytest.mark.parametrize("n", [2, 5, 120])
def test_hostile_tables_give_plain_json(change: dict, n: int) -> None:
    rows = table().iloc[:n].assign(**change)
    found = reflects(data_of(rows, measures=["m", "o"]))
    json.dumps(found, allow_nan=False)
    for entry in found:
        if entry["r2"] is None:
            assert entry["reason"]
        for choice in entry["choices"]:
            if entry["r2"] is not None and choice["type2_share"] is None:
                assert choice["reason"]


def test_a_choice_in_one_cluster_alone_has_no_interval() -> None:
    rows = table().assign(dropout=lambda t: (t.index == 3).astype(float))
    found = part(of(reflects(data_of(rows, measures=["m"])), "m"), "dropout")
    assert found["type2_share"] is not None
    assert found["effect_ci"] is None
    assert "alone" in found["reason"]


def test_a_thousand_measures() -> None:
    random = np.random.default_rng(0)
    rows = pd.concat([table(60), pd.DataFrame(random.normal(size=(60, 1000))).add_prefix("x")], axis=1)
    names = [f"x{i}" for i in range(1000)]
    found = reflects(data_of(rows, measures=names))
    assert len(found) == 1001
    p = [part(entry, "alpha")["p"] for entry in found[:-1]]
    assert np.mean(np.array(p) < 0.05) == pytest.approx(0.05, abs=0.025)  # noise is found at the rate of chance
