"""Random intercepts beside statsmodels, a dense likelihood, and the exact tests of balanced tables."""

from __future__ import annotations

import json
import warnings

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from statsmodels.regression.linear_model import OLS, WLS
from statsmodels.regression.mixed_linear_model import MixedLM

from lmgeo.analysis import weighting
from lmgeo.analysis.analyze import analyze
from lmgeo.analysis.controls import read_controls
from lmgeo.analysis.correlation import standardised
from lmgeo.analysis.mixed import mixed
from lmgeo.analysis.random_intercept import Fit, Sums, fit
from lmgeo.analysis.weighting import weights_of_groups
from lmgeo.core.spec.blocks import AnalyzeSpec


def made(n: int = 150, groups: int = 20, between: float = 0.8, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Columns 1, two controls, measure, target, and unbalanced groups."""
    random = np.random.default_rng(seed)
    labels = np.unique(random.integers(0, groups, n), return_inverse=True)[1]
    controls, x = random.normal(size=(n, 2)), random.normal(size=n) + random.normal(size=groups)[labels]
    y = controls[:, 0] + 0.3 * x + between * random.normal(size=groups)[labels] + random.normal(size=n)
    return np.column_stack([np.ones(n), controls, x, y]), labels


def balanced(seed: int = 0, groups: int = 12, copies: int = 5) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    random = np.random.default_rng(seed)
    labels = np.repeat(np.arange(groups), copies)
    y = random.normal(size=groups)[labels] + random.normal(size=len(labels))
    return labels, random.normal(size=groups)[labels], y


@pytest.mark.parametrize("seed", range(5))
def test_equals_statsmodels(seed: int) -> None:
    columns, labels = made(seed=seed)
    found = fit(Sums.of(columns, labels))
    assert isinstance(found, Fit)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        theirs = MixedLM(columns[:, -1], columns[:, :-1], labels).fit(reml=True)
    assert found.slope == pytest.approx(theirs.fe_params[-1], abs=1e-5)
    assert found.error == pytest.approx(theirs.bse_fe[-1], rel=0.02)  # theirs counts the curvature in θ too
    between = float(theirs.cov_re[0, 0])
    assert found.share == pytest.approx(between / (between + theirs.scale), abs=1e-4)


def dense(columns: np.ndarray, labels: np.ndarray, ratio: float) -> tuple[float, float, float]:
    """Restricted deviance, slope and its error with the whole covariance matrix written out."""
    design, y = columns[:, :-1], columns[:, -1]
    inverse = np.linalg.inv(np.eye(len(y)) + ratio * (labels[:, None] == labels))
    information = design.T @ inverse @ design
    beta = np.linalg.solve(information, design.T @ inverse @ y)
    degrees, left = len(y) - design.shape[1], y - design @ beta
    variance = left @ inverse @ left / degrees
    deviance = (
        degrees * np.log(left @ inverse @ left) - np.linalg.slogdet(inverse)[1] + np.linalg.slogdet(information)[1]
    )
    return deviance, beta[-1], np.sqrt(variance * np.linalg.inv(information)[-1, -1])


def test_the_likelihood_and_the_error_equal_those_of_the_dense_matrix() -> None:
    columns, labels = made(60, 9)
    sums = Sums.of(columns, labels)
    ratios = np.array([0.0, 0.1, 1.0, 30.0])
    wanted = np.array([dense(columns, labels, ratio)[0] for ratio in ratios])
    assert sums.deviance(ratios) == pytest.approx(wanted, abs=1e-8)
    found = fit(sums)
    ratio = found.share / (1.0 - found.share)
    assert (found.slope, found.error) == pytest.approx(dense(columns, labels, ratio)[1:], rel=1e-8)
    nearby = sums.deviance(ratio * np.array([0.99, 1.0, 1.01]))
    assert nearby[1] < min(nearby[0], nearby[2])


def test_degrees_of_freedom_are_exact_where_a_balanced_table_has_an_exact_test() -> None:
    labels, between, y = balanced()
    ones = np.ones(60)
    found = fit(Sums.of(np.column_stack([ones, between, y]), labels))
    assert found.degrees == pytest.approx(10.0, abs=1e-4)
    means = np.bincount(labels, y) / 5
    on_means = OLS(means, np.column_stack([np.ones(12), between[::5]])).fit()
    assert (found.slope, found.error) == pytest.approx((on_means.params[1], on_means.bse[1]), rel=1e-6)
    within = np.random.default_rng(1).normal(size=60)
    within -= (np.bincount(labels, within) / 5)[labels]
    assert fit(Sums.of(np.column_stack([ones, within, y]), labels)).degrees == pytest.approx(60 - 12 - 1, abs=1e-4)


def test_groups_that_do_not_differ_give_least_squares() -> None:
    labels, _, y = balanced()
    y = y - (np.bincount(labels, y) / 5)[labels]
    columns = np.column_stack([np.ones(60), np.random.default_rng(2).normal(size=60), y])
    found, plain = fit(Sums.of(columns, labels)), OLS(y, columns[:, :-1]).fit()
    assert found.share == 0.0
    assert (found.slope, found.error, found.degrees) == pytest.approx((plain.params[1], plain.bse[1], plain.df_resid))


def entries(table: pd.DataFrame, group: np.ndarray, controls: list[str] | None = None, seed: int = 0) -> dict:
    held = read_controls(table, controls) if controls else None
    of_rows = np.array([str(g) for g in group], dtype=object)
    return mixed({"x": table["x"].to_numpy()}, table["y"].to_numpy(), held, ("base", of_rows), seed)[0]


def test_an_entry_is_the_fit_in_standard_deviations_with_its_t() -> None:
    columns, labels = made()
    table = pd.DataFrame(columns[:, 1:], columns=["a", "b", "x", "y"])
    found, fitted = entries(table, labels, ["a", "b"]), fit(Sums.of(columns, labels))
    scale = columns[:, 3].std() / columns[:, 4].std()
    assert found["slope"] == pytest.approx(fitted.slope * scale, rel=1e-7)
    half = stats.t.ppf(0.975, fitted.degrees) * fitted.error * scale
    assert found["ci"] == pytest.approx([found["slope"] - half, found["slope"] + half], rel=1e-5)
    assert found["p"] == pytest.approx(2 * stats.t.sf(fitted.slope / fitted.error, fitted.degrees), rel=1e-4)
    assert (found["n"], found["groups"], found["converged"]) == (150, 20, True)
    assert found["remark"] == f"{fitted.share:.0%} of the variance left lies between groups"


def test_the_bootstrap_interval_equals_weighted_least_squares(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(weighting, "DRAWS", 100)
    columns, labels = made(60, 9)
    table = pd.DataFrame(columns[:, 1:], columns=["a", "b", "x", "y"])
    x, y = standardised(columns[:, 3]), standardised(columns[:, 4])
    design = np.column_stack([columns[:, :3], x])
    slopes = [
        WLS(y, design, weights=w).fit().params[-1]
        for weights in weights_of_groups(labels, 0, "mixed")
        for w in weights.T
    ]
    parts = np.bincount(labels, OLS(x, columns[:, :3]).fit().resid ** 2)
    effective = parts.sum() ** 2 / np.sum(parts**2)
    assert 2.0 < effective < 9.0
    half = stats.t.ppf(0.975, effective - 1.0) * np.std(slopes) * np.sqrt(10.0 / 8.0)
    slope = OLS(y, design).fit().params[-1]
    assert entries(table, labels, ["a", "b"])["bootstrap_ci"] == pytest.approx([slope - half, slope + half])


def test_intervals_hold_the_truth_where_rows_of_a_group_hang_together() -> None:
    held = np.zeros(3)
    for seed in range(60):
        random = np.random.default_rng(seed)
        labels = np.repeat(np.arange(20), 5)
        x, y = (random.normal(size=20)[labels] + 0.5 * random.normal(size=100) for _ in range(2))
        found = entries(pd.DataFrame({"x": x, "y": y}), labels, seed=seed)
        naive = OLS(y, np.column_stack([np.ones(100), x])).fit().conf_int()[1]
        held += [low <= 0.0 <= high for low, high in (found["ci"], found["bootstrap_ci"], naive)]
    assert held[0] >= 52  # 57 of 60 are expected; fewer than 52 has a chance under 1 in 100
    assert held[1] >= 52
    assert held[2] < 45


def test_where_there_is_no_maximum_the_bootstrap_still_stands() -> None:
    labels, between, _ = balanced()
    random = np.random.default_rng(3)
    table = pd.DataFrame({"x": random.normal(size=60), "y": between})
    for changed in (table, table.assign(y=between + table["x"])):
        found = entries(changed, labels)
        assert (found["slope"], found["converged"]) == (None, False)
        assert "no maximum" in found["remark"]
        assert found["reason"] == found["remark"]
        assert found["bootstrap_ci"] is not None


def test_controls_that_tell_the_groups_apart() -> None:
    columns, labels = made()
    table = pd.DataFrame(columns[:, 1:], columns=["a", "b", "x", "y"]).assign(base=[f"b{i}" for i in labels])
    found = entries(table, labels, ["base"])
    dummies = (labels[:, None] == np.arange(20)).astype(float)
    design = np.column_stack([dummies, standardised(columns[:, 3])])
    plain = OLS(standardised(columns[:, 4]), design).fit()
    assert found["slope"] == pytest.approx(plain.params[-1])
    assert found["p"] == pytest.approx(plain.pvalues[-1])
    assert "tell the groups apart" in found["remark"]


@pytest.mark.parametrize(
    ("change", "group", "controls", "reason"),
    [
        ({}, np.zeros(60), None, "one group only"),
        ({}, np.arange(60), None, "every row is a group of its own"),
        ({"x": 1.0}, None, None, "the measure is constant"),
        ({"y": 1.0}, None, None, "the target is constant"),
        ({"y": "x"}, None, None, "determine the target"),
        ({"c": "x"}, None, ["c"], "determine the measure"),
        ({"c": [f"m{i}" for i in range(60)]}, None, ["c"], "too few"),
        ({}, np.repeat([0, 1, 2], 20), None, "3 groups give no interval"),
    ],
)
def test_hostile_tables_have_a_reason(change: dict, group: np.ndarray | None, controls: list, reason: str) -> None:
    labels, _, y = balanced()
    table = pd.DataFrame({"x": np.random.default_rng(4).normal(size=60), "y": y})
    table = table.assign(**{k: table[v] if v in ("x", "y") else v for k, v in change.items() if isinstance(v, str)})
    table = table.assign(**{k: v for k, v in change.items() if not isinstance(v, str)})
    found = entries(table, labels if group is None else group, controls)
    assert reason in found["reason"]
    json.dumps(found, allow_nan=False)


def plain(n: int = 60, **more: object) -> pd.DataFrame:
    random = np.random.default_rng(0)
    return pd.DataFrame(
        {"model": [f"m{i}" for i in range(n)], "x": random.normal(size=n), "y": random.normal(size=n)}
    ).assign(**more)


def test_the_grouping_is_clusters_then_the_factor_then_base_or_family() -> None:
    def of(table: pd.DataFrame, by: str | None = None) -> list[dict]:
        return analyze(table, AnalyzeSpec(target="y", measures=["x"], by=by))["mixed"]

    twelve, three = np.repeat([f"b{i}" for i in range(12)], 5), np.repeat(list("abc"), 20)
    assert (of(plain(base=twelve, family=three), "family")[0]["group"]) == "base"
    found = of(plain(base=three, tribe=twelve), "tribe")[0]
    assert (found["group"], found["groups"]) == ("tribe", 12)
    assert of(plain(base=three))[0]["group"] == "base"
    assert of(plain(base="b", family=three))[0]["group"] == "family"
    assert of(plain(base="b")) == of(plain()) == []
    gaps = np.where(np.arange(60) < 10, None, three)
    assert of(plain(family=gaps))[0]["n"] == 50


def test_a_measure_says_the_same_whatever_others_are_asked_for() -> None:
    table = plain(base=np.repeat([f"b{i}" for i in range(12)], 5), other=np.arange(60.0))
    both = analyze(table, AnalyzeSpec(target="y", measures=["x", "other"]))["mixed"]
    assert analyze(table, AnalyzeSpec(target="y", measures=["x"]))["mixed"] == both[:1]
