"""Boosted trees beside a plain loop over scikit-learn, and the limits they keep to."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from sklearn.ensemble import HistGradientBoostingRegressor
from sklearn.linear_model import LinearRegression
from threadpoolctl import threadpool_limits

from lmgeo.analysis.controls import read_controls
from lmgeo.analysis.incremental import trees
from lmgeo.analysis.incremental.each import incrementals
from lmgeo.analysis.incremental.folds import splits_of
from lmgeo.analysis.incremental.intervals import corrected_interval
from lmgeo.analysis.incremental.trees import Trees


def bent(n: int, seed: int = 0, effect: float = 1.0) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Two controls, a measure whose square matters, and the target."""
    random = np.random.default_rng(seed)
    controls, x = random.normal(size=(n, 2)), random.normal(size=n)
    return controls, x, controls.sum(axis=1) + effect * (x**2 - 1.0) + random.normal(size=n)


def entry(controls: np.ndarray, x: np.ndarray, y: np.ndarray, groups: tuple[str, np.ndarray] | None = None) -> dict:
    return incrementals({"x": x}, y, read_controls(pd.DataFrame(controls, columns=["a", "b"]), ["a", "b"]), groups, 0)[
        0
    ]


def test_equals_a_plain_loop_on_the_same_folds() -> None:
    controls, x, y = bent(80)
    labels = np.random.default_rng(5).integers(0, 12, 80)
    errors = np.zeros((2, trees.REPEATS, 80))
    for i, split in enumerate(splits_of(labels, 0)[: trees.REPEATS]):
        for fold in range(5):
            out = split == fold
            left = y - LinearRegression().fit(controls[~out], y[~out]).predict(controls)
            for j, columns in enumerate((controls, np.column_stack([controls, x]))):
                ranks = stats.rankdata(columns, axis=0, method="dense") - 1.0
                with threadpool_limits(1):
                    model = HistGradientBoostingRegressor(**trees.SETTINGS).fit(ranks[~out], left[~out])
                    errors[j, i, out] = (left[out] - model.predict(ranks[out])) ** 2
    found = entry(controls, x, y, ("base", labels))["boosted"]
    assert found["baseline_r2"] == pytest.approx(1.0 - errors[0].mean() / y.var(), abs=1e-9)
    assert found["delta_r2"] == pytest.approx((errors[0] - errors[1]).mean() / y.var(), abs=1e-9)
    assert (found["n"], found["repeats"]) == (80, 2)


def test_a_bend_that_no_line_sees_is_found() -> None:
    found = entry(*bent(300))
    assert found["delta_r2"] < 0.02
    assert found["boosted"]["ci"][0] > 0.1


def test_noise_has_no_gain_on_average() -> None:
    gains = []
    for seed in range(12):
        controls, x, y = bent(60, seed, effect=0.0)
        gains.append(Trees.of(controls, y, np.arange(60), seed).gain(x[:, None])["delta_r2"])
    assert np.mean(gains) < 2.0 * np.std(gains) / np.sqrt(12)


def test_threads_and_order_of_rows_within_ties_change_no_bit() -> None:
    found = []
    for threads in (1, 2):
        with threadpool_limits(threads):
            found.append(entry(*bent(300)))
    assert found[0] == found[1]


def test_a_long_table_is_sampled_and_a_short_one_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trees, "MOST_ROWS", 50)
    controls, x, y = bent(200)
    found = entry(controls, x, y)
    assert found["boosted"]["n"] == 50
    assert found["boosted"] == entry(controls, x, y)["boosted"]
    few = entry(controls[:29], x[:29], y[:29])
    assert few["boosted"] is None
    assert "29 rows" in few["reason"]
    assert few["delta_r2"] is not None


def test_too_many_columns_are_refused_with_a_reason() -> None:
    assert "101 measures" in trees.too_much_for_trees(101, 3)
    assert "51 control columns" in trees.too_much_for_trees(3, 51)
    assert trees.too_much_for_trees(100, 50) is None


def test_one_group_in_the_sample_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trees, "MOST_ROWS", 20)
    controls, _, y = bent(2000)
    labels = (np.arange(2000) == 0).astype(np.int64)
    assert "one group" in Trees.of(controls, y, labels, 0)


def test_the_corrected_interval_is_wider_than_that_of_independent_folds() -> None:
    by_fold = np.random.default_rng(0).normal(size=(2, 5))
    low, high = corrected_interval(by_fold, 0.3)
    s = by_fold.std(ddof=1)
    assert (low + high) / 2 == pytest.approx(0.3)
    assert (high - low) / 2 == pytest.approx(stats.t.ppf(0.975, 9) * s * np.sqrt(1 / 10 + 1 / 4))


def test_a_measure_that_no_tree_uses_gains_nothing_and_has_no_interval() -> None:
    controls, _, y = bent(60)
    found = entry(controls, (np.arange(60) == 5).astype(float), y)["boosted"]
    assert (found["delta_r2"], found["ci"]) == (0.0, None)
    assert "no tree splits" in found["reason"]
