"""All measures at once: nested ridge beside scikit-learn, and what is left out."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import LinearRegression, Ridge

from lmgeo.analysis.controls import read_controls
from lmgeo.analysis.correlation import standardised
from lmgeo.analysis.incremental import ridge, trees
from lmgeo.analysis.incremental.folds import splits_of
from lmgeo.analysis.incremental.ridge import PENALTIES, components, errors_of_folds
from lmgeo.analysis.incremental.together import incremental_all


@pytest.fixture(autouse=True)
def _without_trees(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trees, "MOST_MEASURES", 0)


def made(n: int, m: int, effect: float, seed: int = 0) -> tuple[pd.DataFrame, dict[str, np.ndarray], np.ndarray]:
    """Measures that are nearly copies of one another."""
    random = np.random.default_rng(seed)
    table, common = pd.DataFrame({"c": random.normal(size=n)}), random.normal(size=n)
    measures = {f"x{i}": common + 0.05 * random.normal(size=n) for i in range(m)}
    return table, measures, table["c"].to_numpy() + effect * common + random.normal(size=n)


def together(table: pd.DataFrame, measures: dict, y: np.ndarray, groups: tuple | None = None) -> dict:
    return incremental_all(measures, y, read_controls(table, list(table.columns)), groups, 0)


def by_scikit_learn(design: np.ndarray, columns: np.ndarray, y: np.ndarray, train: np.ndarray, penalty: float):
    """Ridge with controls that are left free, as residuals on residuals (Frisch & Waugh)."""
    free = LinearRegression().fit(design[train], y[train])
    if np.isinf(penalty):
        return free.predict(design)
    of_columns = LinearRegression().fit(design[train], columns[train])
    left = columns - of_columns.predict(design)
    held = Ridge(alpha=penalty * train.sum(), fit_intercept=False)
    held.fit(left[train], (y - free.predict(design))[train])
    return free.predict(design) + left @ held.coef_


def test_nested_ridge_equals_scikit_learn() -> None:
    table, measures, y = made(60, 5, 0.7)
    design = table.to_numpy()
    columns = np.column_stack([standardised(x) for x in measures.values()])
    split = splits_of(np.random.default_rng(1).integers(0, 14, 60), 0)[0]
    wanted = []
    for fold in range(5):
        scores = []
        for penalty in PENALTIES:
            total = 0.0
            for inner in set(range(5)) - {fold}:
                out = split == inner
                predicted = by_scikit_learn(design, columns, y, ~out & (split != fold), penalty)
                total += np.sum((y - predicted)[out] ** 2)
            scores.append(total)
        out = split == fold
        predicted = by_scikit_learn(design, columns, y, ~out, PENALTIES[int(np.argmin(scores))])
        wanted.append(np.sum((y - predicted)[out] ** 2))
    alone, beside = errors_of_folds(design, columns, y, split)
    assert beside == pytest.approx(wanted, rel=1e-8)
    assert alone.sum() > beside.sum()
    turned = errors_of_folds(design, components(columns), y, split)[1]
    assert turned == pytest.approx(wanted, rel=1e-8)


def test_copies_of_a_true_cause_gain_and_noise_does_not_on_average() -> None:
    found = together(*made(150, 40, 0.8))["linear"]
    assert found["ci"][0] > 0.1
    gains = [together(*made(40, 30, 0.0, seed))["linear"]["delta_r2"] for seed in range(40)]
    assert np.mean(gains) < 2.0 * np.std(gains) / np.sqrt(40)
    assert np.min(gains) > -0.2


def test_more_measures_than_rows() -> None:
    random = np.random.default_rng(4)
    table, _, y = made(50, 1, 0.0)
    found = together(table, {f"x{i}": random.normal(size=50) for i in range(300)}, y)
    assert len(found["measures"]) == 300
    assert abs(found["linear"]["delta_r2"]) < 0.2
    assert "300 measures" in found["reason"]


def test_components_keep_all_products_or_the_greatest(monkeypatch: pytest.MonkeyPatch) -> None:
    columns = np.random.default_rng(0).normal(size=(30, 8))
    columns -= columns.mean(axis=0)
    assert components(columns) @ components(columns).T == pytest.approx(columns @ columns.T, abs=1e-9)
    wide = columns.T - columns.T.mean(axis=0)
    assert components(wide) @ components(wide).T == pytest.approx(wide @ wide.T, abs=1e-9)
    monkeypatch.setattr(ridge, "MOST_COMPONENTS", 3)
    kept = np.sum(components(columns) ** 2, axis=0)
    assert kept == pytest.approx(np.sort(np.linalg.svd(columns, compute_uv=False) ** 2)[::-1][:3])


def test_empty_and_constant_measures_are_left_out_and_said() -> None:
    table, measures, y = made(60, 3, 0.5)
    measures["empty"] = np.where(np.arange(60) < 30, np.nan, 1.0 * np.arange(60))
    measures["flat"] = np.full(60, 2.0)
    measures["x0"] = np.where(np.arange(60) < 4, np.nan, measures["x0"])
    found = together(table, measures, y)
    assert found["measures"] == ["x0", "x1", "x2"]
    assert found["n"] == 56
    assert {e["measure"]: e["reason"].split()[0] for e in found["left_out"]} == {"empty": "too", "flat": "the"}


def test_what_cannot_be_said_has_a_reason() -> None:
    table, measures, y = made(60, 3, 0.5)
    groups = ("base", np.repeat([0, 1], 30))
    assert "ridge needs 3" in together(table, measures, y, groups)["reason"]
    assert "one group" in together(table, measures, y, ("base", np.zeros(60)))["reason"]
    assert "determine the target" in together(table, measures, 2.0 * table["c"].to_numpy())["reason"]
    assert "target is constant" in together(table, measures, np.ones(60))["reason"]
    assert "no measure" in together(table, {"flat": np.ones(60)}, y)["reason"]
    assert together(table.iloc[:2], {"x0": measures["x0"][:2]}, y[:2])["linear"] is None
    few = together(table, measures, y, ("base", np.repeat([0, 1, 2], 20)))
    assert few["linear"]["ci"] is None
    assert "3 groups" in few["reason"]
