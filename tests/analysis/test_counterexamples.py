"""Planted exceptions are the ones listed, with the right names, beside statsmodels' residuals."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm

from lmgeo.analysis.counterexamples import MOST, MOST_OF_ONE, counterexamples
from lmgeo.analysis.direction import is_loss, lower_is_better
from tests.analysis.whole import data_of


def table(slope: float = 1.0, seed: int = 0) -> pd.DataFrame:
    """A tight relation with a model at either end that does not follow it."""
    random = np.random.default_rng(seed)
    m = np.linspace(-2, 2, 60)
    rows = pd.DataFrame({"model": [f"m{i}" for i in range(60)], "base": "b", "alpha": np.arange(60) % 7, "m": m})
    rows["kind"] = [None, *["noise"] * 59]
    rows["y"] = slope * m + 0.2 * random.normal(size=60)
    rows.loc[3, "y"], rows.loc[56, "y"] = slope * 2.0, -slope * 2.0
    return rows


def of(rows: pd.DataFrame, **spec: object) -> list[dict]:
    return counterexamples(data_of(rows, **{"measures": ["m"], **spec}))


@pytest.mark.parametrize(
    ("slope", "target", "kinds"),
    [
        (1.0, "y", {"m3": "low and good", "m56": "high and bad"}),
        (-1.0, "y", {"m3": "low and bad", "m56": "high and good"}),
        (1.0, "score.loss", {"m3": "low and bad", "m56": "high and good"}),
        (-1.0, "score.loss", {"m3": "low and good", "m56": "high and bad"}),
    ],
)
def test_planted_exceptions_are_listed_first_by_their_kind(slope: float, target: str, kinds: dict) -> None:
    found = of(table(slope).rename(columns={"y": target}), target=target)
    assert {entry["model"]: entry["kind"] for entry in found[:2]} == kinds
    assert len(found) <= MOST_OF_ONE
    sizes = [abs(entry["z"]) for entry in found]
    assert sizes == sorted(sizes, reverse=True)


def test_residuals_equal_statsmodels() -> None:
    rows = table()
    fit = sm.OLS(rows["y"], sm.add_constant(rows["m"])).fit()
    theirs = fit.get_influence()
    for entry in of(rows):
        i = int(entry["model"][1:])
        assert entry["z"] == pytest.approx(theirs.resid_studentized_external[i], rel=1e-8)
        assert entry["predicted"] == pytest.approx(fit.fittedvalues[i], rel=1e-8)
        assert entry["residual"] == pytest.approx(entry["target"] - entry["predicted"], abs=1e-12)
        assert (entry["value"], entry["target"]) == (rows["m"][i], rows["y"][i])


def test_settings_are_the_factors_that_vary() -> None:
    first = of(table())[0]
    i = int(first["model"][1:])
    assert first["settings"] == {"kind": "noise", "alpha": i % 7}


def test_models_beyond_the_rule_but_on_its_side_do_not_break_it() -> None:
    rows = table()
    rows.loc[[3, 56], "y"] = rows.loc[[3, 56], "m"]
    rows.loc[59, "y"] = 9.0  # the highest measure with a far better target
    assert "m59" not in {entry["model"] for entry in of(rows)}


def test_unrelated_measures_have_no_exceptions() -> None:
    rows = table().assign(o=np.random.default_rng(5).normal(size=60))
    assert {entry["measure"] for entry in of(rows, measures=["m", "o"])} == {"m"}
    assert of(rows, measures=["o"]) == []


def test_outer_fifths_count_where_the_residual_is_small() -> None:
    random = np.random.default_rng(6)
    m = random.normal(size=400)
    rows = pd.DataFrame({"m": m, "y": 0.35 * m + random.normal(size=400)})
    rows = rows[np.abs(rows["y"] - 0.35 * rows["m"]) < 1.5]
    found = of(rows)
    low, high = rows.quantile(0.2), rows.quantile(0.8)
    assert len(found) == MOST_OF_ONE
    for entry in found:
        opposite = entry["value"] <= low["m"] and entry["target"] >= high["y"]
        opposite |= entry["value"] >= high["m"] and entry["target"] <= low["y"]
        assert opposite or abs(entry["z"]) >= 2


def test_never_more_than_two_hundred() -> None:
    random = np.random.default_rng(7)
    y = random.normal(size=80)
    rows = pd.DataFrame(y[:, None] + random.normal(size=(80, 300))).add_prefix("m").assign(y=y)
    found = of(rows, measures=[f"m{i}" for i in range(300)])
    assert 150 < len(found) <= MOST
    assert of(rows, measures=[f"m{i}" for i in range(300)]) == found


@pytest.mark.parametrize(
    "change",
    [
        {"m": 1.0},
        {"y": lambda t: 2.0 * t["m"]},
        {"y": lambda t: 1e250 * t["y"]},
        {"m": lambda t: t["m"].where(t.index % 3 == 0)},
        {"y": lambda t: (t["m"] > 0).astype(float)},
        {"alpha": np.nan, "model": "same"},
    ],
)
@pytest.mark.parametrize("n", [2, 9, 60])
def test_hostile_tables_give_plain_json(change: dict, n: int) -> None:
    found = of(table().iloc[:n].assign(**change))
    json.dumps(found, allow_nan=False)
    assert all(np.isfinite(entry["z"]) for entry in found)


def test_which_way_is_better_is_told_by_the_name() -> None:
    named = ("score.loss", "score.loss.code", "val_loss", "glue", "score.average")
    assert [name for name in named if is_loss(name)] == ["score.loss", "score.loss.code", "val_loss"]
    assert lower_is_better("score.perplexity")
    assert not lower_is_better("score.average")
