"""Cross-validated gains of least squares beside scikit-learn on the same folds and under the same weights."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import LinearRegression
from sklearn.model_selection import cross_val_predict

from lmgeo.analysis import weighting
from lmgeo.analysis.controls import read_controls
from lmgeo.analysis.incremental import trees
from lmgeo.analysis.incremental.each import incrementals
from lmgeo.analysis.incremental.folds import FOLDS, REPEATS, fold_of_rows, splits_of
from lmgeo.analysis.weighting import weights_of_groups


@pytest.fixture(autouse=True)
def _without_trees(monkeypatch: pytest.MonkeyPatch) -> None:
    """They take most of the time, and have tests of their own."""
    monkeypatch.setattr(trees, "MOST_MEASURES", 0)


def made(n: int, effect: float, seed: int = 0) -> tuple[pd.DataFrame, np.ndarray]:
    random = np.random.default_rng(seed)
    table = pd.DataFrame({"c": random.normal(size=n), "g": random.choice(["u", "v"], n), "x": random.normal(size=n)})
    return table, (table["c"] + effect * table["x"] + random.normal(size=n)).to_numpy()


def gain(table: pd.DataFrame, y: np.ndarray, groups: tuple[str, np.ndarray] | None = None, seed: int = 0) -> dict:
    return incrementals({"x": table["x"].to_numpy()}, y, read_controls(table, ["c", "g"]), groups, seed)[0]


def by_scikit_learn(base: np.ndarray, x: np.ndarray, y: np.ndarray, labels: np.ndarray) -> tuple[float, float]:
    """R² of the controls and what `x` adds, mean over the same splits."""
    whole, found = np.sum((y - y.mean()) ** 2), []
    for split in splits_of(labels, 0):
        folds = [(np.flatnonzero(split != k), np.flatnonzero(split == k)) for k in range(split.max() + 1)]
        alone, beside = (
            1.0 - np.sum((y - cross_val_predict(LinearRegression(), design, y, cv=folds)) ** 2) / whole
            for design in (base, np.column_stack([base, x]))
        )
        found.append((alone, beside - alone))
    baseline, delta = np.mean(found, axis=0)
    return float(baseline), float(delta)


@pytest.mark.parametrize("grouped", [False, True])
def test_equals_scikit_learn_on_the_same_folds(grouped: bool) -> None:
    table, y = made(60, 0.5)
    labels = np.random.default_rng(3).integers(0, 9, 60) if grouped else np.arange(60)
    base = np.column_stack([table["c"], table["g"] == "v"])
    baseline, delta = by_scikit_learn(base, table["x"].to_numpy(), y, labels)
    found = gain(table, y, ("family", labels) if grouped else None)
    assert found["baseline_r2"] == pytest.approx(baseline, abs=1e-9)
    assert found["delta_r2"] == pytest.approx(delta, abs=1e-9)
    assert (found["folds"], found["grouped_by"]) == (5, "family" if grouped else None)


def test_a_level_that_is_held_out_whole_is_predicted_as_the_reference() -> None:
    table, y = made(60, 0.5)
    table["g"] = np.repeat(list("abcdef"), 10)
    labels = np.repeat(np.arange(6), 10)
    base = np.column_stack([table["c"], *(table["g"] == level for level in "bcdef")])
    baseline, delta = by_scikit_learn(base, table["x"].to_numpy(), y, labels)
    found = gain(table, y, ("g", labels))
    assert (found["baseline_r2"], found["delta_r2"]) == (pytest.approx(baseline), pytest.approx(delta))


def test_the_interval_equals_refitting_under_each_weighting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(weighting, "DRAWS", 50)
    table, y = made(40, 0.5)
    labels = np.repeat(np.arange(8), 5)
    base = np.column_stack([table["c"], table["g"] == "v"])
    draws = []
    for split, weights in zip(splits_of(labels, 0), weights_of_groups(labels, 0, "incremental"), strict=True):
        for w in weights.T:
            whole = np.sum(w * (y - np.average(y, weights=w)) ** 2)
            errors = []
            for design in (base, np.column_stack([base, table["x"]])):
                left = np.empty(40)
                for fold in range(FOLDS):
                    out = split == fold
                    fitted = LinearRegression().fit(design[~out], y[~out], sample_weight=w[~out])
                    left[out] = y[out] - fitted.predict(design[out])
                errors.append(np.sum(w * left**2))
            draws.append((errors[0] - errors[1]) / whole)
    assert gain(table, y, ("base", labels))["ci"] == pytest.approx(np.percentile(draws, [2.5, 97.5]), abs=1e-8)


def test_noise_adds_nothing_and_a_true_effect_does() -> None:
    nothing, something = gain(*made(200, 0.0)), gain(*made(200, 0.8))
    assert nothing["ci"][0] < 0.0 < nothing["ci"][1]
    assert abs(nothing["delta_r2"]) < 0.02
    assert something["ci"][0] > 0.1


def test_noise_has_no_gain_on_average() -> None:
    gains = [gain(*made(40, 0.0, seed), seed=seed)["delta_r2"] for seed in range(60)]
    assert np.mean(gains) < 2.0 * np.std(gains) / np.sqrt(60)


def test_a_measure_says_the_same_whatever_others_are_asked_for() -> None:
    table, y = made(60, 0.5)
    random = np.random.default_rng(8)
    others = {f"x{i}": random.normal(size=60) for i in range(7)}
    many = incrementals({**others, "x": table["x"].to_numpy()}, y, read_controls(table, ["c", "g"]), None, 0)[-1]
    alone = gain(table, y)
    assert {k: v for k, v in many.items() if k != "reason"} == {k: v for k, v in alone.items() if k != "reason"}


def test_groups_are_never_split_and_folds_are_even() -> None:
    groups = np.repeat(np.arange(13), 5)
    folds = fold_of_rows(groups, 5, 0, 0)
    assert all(len(set(folds[groups == g])) == 1 for g in range(13))
    assert set(np.bincount(folds)) <= {10, 15}
    assert np.bincount(fold_of_rows(np.arange(23), 5, 0, 1)).tolist() == [5, 5, 5, 4, 4]
    assert len(splits_of(groups, 0)) == REPEATS


def test_grouping_unmasks_a_measure_that_only_knows_its_base() -> None:
    random = np.random.default_rng(1)
    base = np.repeat([f"b{i}" for i in range(12)], 10).astype(object)
    level = np.repeat(random.normal(size=12), 10)
    table = pd.DataFrame({"c": random.normal(size=120), "g": "u", "x": np.repeat(random.normal(size=12), 10)})
    y = level + 0.1 * random.normal(size=120)
    free, grouped = gain(table, y), gain(table, y, ("base", base))
    assert grouped["grouped_by"] == "base"
    assert grouped["delta_r2"] < free["delta_r2"]


def test_few_groups_and_few_rows() -> None:
    table, y = made(60, 0.5)
    few = gain(table, y, ("g", table["g"].to_numpy(dtype=object)))
    assert few["folds"] == 2
    assert few["ci"] is None
    assert "2 groups" in few["reason"]
    assert few["delta_r2"] is not None
    assert "one group" in gain(table, y, ("g", np.full(60, "a", dtype=object)))["reason"]
    assert "at least 10" in gain(table.iloc[:8], y[:8])["reason"]


def test_columns_that_leave_nothing_to_say_are_said() -> None:
    table, y = made(60, 0.5)
    assert "determine the measure" in gain(table.assign(x=3.0 - 2.0 * table["c"]), y)["reason"]
    assert "determine the target" in gain(table, table["c"].to_numpy() * 7.0 + 1.0)["reason"]
    assert gain(table.assign(x=2.0), y)["reason"] == "the measure is constant"
    assert gain(table, np.zeros(60))["reason"] == "the target is constant"


def test_doubled_and_constant_controls_change_nothing() -> None:
    table, y = made(60, 0.5)
    table = table.assign(twice=2.0 * table["c"] + 1.0, flat=4.0)
    held = read_controls(table, ["c", "g", "twice", "flat"])
    found, plain = incrementals({"x": table["x"].to_numpy()}, y, held, None, 0)[0], gain(table, y)
    assert found["delta_r2"] == pytest.approx(plain["delta_r2"], abs=1e-10)
    assert found["ci"] == pytest.approx(plain["ci"], abs=1e-8)


@pytest.mark.parametrize(("scale", "shift"), [(1e300, 0.0), (1e-300, 0.0), (1.0, 1e8)])
def test_units_do_not_matter(scale: float, shift: float) -> None:
    table, y = made(60, 0.5)
    found, plain = gain(table.assign(x=table["x"] * scale + shift), y * scale + shift), gain(table, y)
    assert found["delta_r2"] == pytest.approx(plain["delta_r2"], rel=1e-5)
    json.dumps(found, allow_nan=False)


@pytest.mark.parametrize("far", [1e8, 1e155, 1e300])
def test_one_value_far_from_all_others_overflows_nothing(far: float) -> None:
    table, y = made(60, 0.5)
    for name in ("x", "c"):
        outlying = table.copy()
        outlying.loc[7, name] = far
        found = gain(outlying, y)
        json.dumps(found, allow_nan=False)
        assert abs(found["delta_r2"]) < 10.0


def test_a_control_over_many_orders_of_magnitude_counts_as_in_plain_least_squares() -> None:
    table, y = made(60, 0.5)
    table["c"] = np.exp(4.0 * table["c"])
    base = np.column_stack([table["c"], table["g"] == "v"])
    baseline, delta = by_scikit_learn(base, table["x"].to_numpy(), y, np.arange(60))
    found = gain(table, y)
    assert (found["baseline_r2"], found["delta_r2"]) == (pytest.approx(baseline), pytest.approx(delta))
