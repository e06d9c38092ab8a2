"""Levels predicted from other levels, beside refits, and planted shifts between families."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
import statsmodels.formula.api as smf

from lmgeo.analysis.transfer import transfer
from tests.analysis.whole import data_of


def table(n: int = 90, offset: float = 0.0, seed: int = 0) -> pd.DataFrame:
    random = np.random.default_rng(seed)
    family = np.array(["bert", "gpt", "llama"])[np.arange(n) % 3]
    rows = pd.DataFrame({"model": [f"m{i}" for i in range(n)], "family": family})
    rows["alpha"] = random.uniform(0, 1, n)
    rows["kind"] = random.choice(["noise", "prune"], n)
    rows["m"] = random.normal(size=n)
    shift = offset * (rows["family"] == "gpt")
    rows["y"] = rows["m"] + rows["alpha"] + shift + 0.5 * random.normal(size=n)
    return rows


def of(rows: pd.DataFrame, **spec: object) -> list[dict]:
    return transfer(data_of(rows, **{"measures": ["m"], **spec}))


def one(entries: list[dict], form: str, by: str = "family") -> dict:
    return next(entry for entry in entries if entry["form"] == form and entry["by"] == by)


FORMULAS = {
    "mean": "y ~ 1",
    "choices": "y ~ alpha + C(kind)",
    "measure": "y ~ m",
    "choices + measure": "y ~ alpha + C(kind) + m",
}


@pytest.mark.parametrize("form", list(FORMULAS))
def test_errors_equal_refits_without_each_family(form: str) -> None:
    rows = table(offset=0.7)
    found = one(of(rows), form)
    predicted, inside, mean = np.empty(90), np.empty(90, bool), np.empty(90)
    for family in ("bert", "gpt", "llama"):
        out = (rows["family"] == family).to_numpy()
        fit = smf.ols(FORMULAS[form], rows[~out]).fit()
        frame = fit.get_prediction(rows[out]).summary_frame(alpha=0.05)
        predicted[out], mean[out] = frame["mean"], rows["y"][~out].mean()
        inside[out] = (rows["y"][out] >= frame["obs_ci_lower"]) & (rows["y"][out] <= frame["obs_ci_upper"])
    wrong = predicted - rows["y"].to_numpy()
    assert found["mse"] == pytest.approx(np.mean(wrong**2), rel=1e-9)
    assert found["r2"] == pytest.approx(1 - np.mean(wrong**2) / np.mean((mean - rows["y"]) ** 2), abs=1e-9)
    assert found["coverage"] == inside.mean()
    assert (found["n"], found["levels"]) == (90, 3)
    for level in found["by_level"]:
        of_level = wrong[(rows["family"] == level["level"]).to_numpy()]
        assert level["n"] == 30
        assert level["bias"] == pytest.approx(of_level.mean(), abs=1e-9)
        assert level["mse"] == pytest.approx(np.mean(of_level**2), rel=1e-9)
    if form == "mean":
        assert found["calibration"] is None
        assert found["r2"] == pytest.approx(0.0, abs=1e-12)
    else:
        fit = sm.OLS(rows["y"].to_numpy(), sm.add_constant(predicted)).fit()
        assert found["calibration"]["intercept"] == pytest.approx(fit.params[0], rel=1e-6)
        assert found["calibration"]["slope"] == pytest.approx(fit.params[1], rel=1e-6)


def test_an_offset_of_one_family_makes_it_worse_across_than_within() -> None:
    alike, unlike = (one(of(table(300, offset, seed=2)), "measure") for offset in (0.0, 4.0))
    within = table(300, 4.0, seed=2).assign(half=lambda t: np.where(t.index % 2 == 0, "even", "odd"))
    within["half"] = within["half"] + (within.index % 5).astype(str)
    mixed = one(of(within, by="half"), "measure", "half")
    assert unlike["mse"] > 2 * alike["mse"]
    assert unlike["mse"] > 1.3 * mixed["mse"]  # a split that mixes families is easier than a family left out
    bias = {level["level"]: level["bias"] for level in unlike["by_level"]}
    assert bias["gpt"] == pytest.approx(-4.0, abs=0.3)
    assert alike["coverage"] == pytest.approx(0.95, abs=0.04)
    assert unlike["coverage"] < 0.9


def test_the_baseline_never_holds_what_is_left_out() -> None:
    rows = table().assign(width=lambda t: np.array([64, 128, 256])[t.index % 3])
    entries = of(rows, controls=["family", "width", "alpha"])
    by_size, plain = one(entries, "choices", "family"), smf.ols
    assert "width" not in {e["by"] for e in entries}  # the same partition as the family: given once
    wrong = []
    for family in ("bert", "gpt", "llama"):
        out = (rows["family"] == family).to_numpy()
        wrong += list(plain("y ~ width + alpha", rows[~out]).fit().predict(rows[out]) - rows["y"][out])
    assert by_size["mse"] == pytest.approx(np.mean(np.square(wrong)), rel=1e-8)


def test_sizes_are_left_out_too_and_stand_in_their_order() -> None:
    rows = table().assign(width=lambda t: np.array([64, 128, 1024])[t.index // 30 % 3])
    found = one(of(rows), "choices + measure", "width")
    assert [level["level"] for level in found["by_level"]] == ["64", "128", "1024"]
    wrong = []
    for width in (64, 128, 1024):
        out = (rows["width"] == width).to_numpy()
        fit = smf.ols("y ~ alpha + C(kind) + m", rows[~out]).fit()
        wrong += list(fit.predict(rows[out]) - rows["y"][out])
    assert found["mse"] == pytest.approx(np.mean(np.square(wrong)), rel=1e-8)


def test_a_text_choice_unseen_elsewhere_is_left_out_for_that_level() -> None:
    rows = table()
    rows.loc[rows["family"] == "gpt", "kind"] = "quantize"
    found = one(of(rows), "choices")
    wrong = []
    for family, formula in (("bert", FORMULAS["choices"]), ("gpt", "y ~ alpha"), ("llama", FORMULAS["choices"])):
        out = (rows["family"] == family).to_numpy()
        wrong += list(smf.ols(formula, rows[~out]).fit().predict(rows[out]) - rows["y"][out])
    assert found["mse"] == pytest.approx(np.mean(np.square(wrong)), rel=1e-8)


def test_by_comes_first_and_base_is_a_factor_too() -> None:
    rows = table().assign(base=[f"b{i % 9}" for i in range(90)], team=[f"t{i % 4}" for i in range(90)])
    entries = of(rows, by="team")
    assert list(dict.fromkeys(e["by"] for e in entries)) == ["team", "family", "base"]
    assert [e["form"] for e in entries[:4]] == ["mean", "choices", "measure", "choices + measure"]
    assert [e["measure"] for e in entries[:4]] == [None, None, "m", "m"]


def test_without_choices_there_is_no_baseline_of_them() -> None:
    entries = of(table()[["family", "m", "y"]])
    assert [e["form"] for e in entries] == ["mean", "measure"]


def test_two_levels_or_fifty_one_are_no_transfer() -> None:
    rows = table()
    assert of(rows[rows["family"] != "gpt"].drop(columns="kind")) == []
    assert of(table(102).assign(family=lambda t: "f" + (t.index % 51).astype(str))) == []


def test_missing_measures_are_predicted_on_their_own_rows_and_do_not_touch_others() -> None:
    rows = table().assign(o=lambda t: t["m"] ** 2)
    rows.loc[:9, "o"] = np.nan
    both = of(rows, measures=["m", "o"])
    alone = of(rows, measures=["m"])
    assert [e for e in both if e["measure"] != "o"] == alone
    assert {e["n"] for e in both if e["measure"] == "o"} == {80}


@pytest.mark.parametrize(
    "change",
    [
        {"m": 2.0},
        {"y": 3.0},
        {"m": lambda t: t["m"].where(t["family"] == "gpt")},
        {"alpha": lambda t: t["alpha"].where(t.index > 80)},
        {"alpha": lambda t: t["family"].map({"bert": 1.0, "gpt": 2.0, "llama": 2.0})},
        {"y": lambda t: 1e200 * t["y"]},
        {"m": lambda t: t["y"]},
    ],
)
@pytest.mark.parametrize("n", [3, 7, 90])
def test_hostile_tables_give_plain_json(change: dict, n: int) -> None:
    entries = of(table().iloc[:n].assign(**change))
    json.dumps(entries, allow_nan=False)
    assert all(entry["mse"] is not None or entry.get("reason") or entry["r2"] is not None for entry in entries)
