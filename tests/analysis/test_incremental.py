"""Cross-validated gains beside scikit-learn on the same folds."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import LinearRegression

from lmgeo.analysis.controls import read_controls
from lmgeo.analysis.incremental.each import incrementals
from lmgeo.analysis.incremental.folds import FOLDS, REPEATS, fold_of_rows


def made(n: int, effect: float, seed: int = 0) -> tuple[pd.DataFrame, np.ndarray]:
    random = np.random.default_rng(seed)
    table = pd.DataFrame({"c": random.normal(size=n), "g": random.choice(["u", "v"], n), "x": random.normal(size=n)})
    return table, (table["c"] + effect * table["x"] + random.normal(size=n)).to_numpy()


def gain(table: pd.DataFrame, y: np.ndarray, groups: tuple[str, np.ndarray] | None = None, seed: int = 0) -> dict:
    return incrementals({"x": table["x"].to_numpy()}, y, read_controls(table, ["c", "g"]), groups, seed)[0]


def test_equals_scikit_learn_on_the_same_folds() -> None:
    table, y = made(60, 0.5)
    base = np.column_stack([table["c"], table["g"] == "v"])

    def errors(design: np.ndarray) -> float:
        total = 0.0
        for repeat in range(REPEATS):
            folds = fold_of_rows(np.arange(60), FOLDS, 0, repeat)
            for fold in range(FOLDS):
                out = folds == fold
                fitted = LinearRegression().fit(design[~out], y[~out])
                total += np.sum((y[out] - fitted.predict(design[out])) ** 2) / REPEATS
        return total

    whole = np.sum((y - y.mean()) ** 2)
    found = gain(table, y)
    assert found["baseline_r2"] == pytest.approx(1 - errors(base) / whole, abs=1e-9)
    both = np.column_stack([base, table["x"]])
    assert found["delta_r2"] == pytest.approx((errors(base) - errors(both)) / whole, abs=1e-9)
    assert (found["folds"], found["grouped_by"]) == (5, None)


def test_noise_adds_nothing_and_a_true_effect_does() -> None:
    nothing, something = gain(*made(200, 0.0)), gain(*made(200, 0.8))
    assert nothing["ci"][0] < 0.01
    assert abs(nothing["delta_r2"]) < 0.02
    assert something["ci"][0] > 0.1


def test_groups_are_never_split_and_folds_are_even() -> None:
    groups = np.repeat(np.arange(13), 5)
    folds = fold_of_rows(groups, 5, 0, 0)
    assert all(len(set(folds[groups == g])) == 1 for g in range(13))
    assert set(np.bincount(folds)) <= {10, 15}
    assert np.bincount(fold_of_rows(np.arange(23), 5, 0, 1)).tolist() == [5, 5, 5, 4, 4]


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
    assert few["delta_r2"] is not None
    assert "one group" in gain(table, y, ("g", np.full(60, "a", dtype=object)))["reason"]
    assert "at least 10" in gain(table.iloc[:8], y[:8])["reason"]
