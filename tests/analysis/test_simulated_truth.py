"""A short run of `benchmarks/simulated_truth.py`: what it simulates, and what the estimates say of it."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
from scipy import stats

PATH = Path(__file__).resolve().parents[2] / "benchmarks" / "simulated_truth.py"


@pytest.fixture(scope="module")
def benchmark() -> ModuleType:
    spec = importlib.util.spec_from_file_location("simulated_truth", PATH)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_stated_truth_is_that_of_a_very_long_table(benchmark: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(benchmark, "_BASES", 40_000)
    table, true = benchmark.effect(np.random.default_rng(0)), benchmark.truth("effect")
    ranks = table[["x", "y", "z"]].rank()
    x, y = (ranks[name] - np.polyval(np.polyfit(ranks["z"], ranks[name], 1), ranks["z"]) for name in "xy")
    assert stats.pearsonr(x, y).statistic == pytest.approx(true["partial"], abs=0.01)
    design = np.column_stack([np.ones(len(table)), table["z"], table["x"]])
    slope = np.linalg.lstsq(design, table["y"], rcond=None)[0][2]
    assert slope * table["x"].std() / table["y"].std() == pytest.approx(true["slope"], abs=0.01)
    errors = [np.linalg.lstsq(design[:, :k], table["y"], rcond=None)[1][0] for k in (2, 3)]
    assert (errors[0] - errors[1]) / np.sum((table["y"] - table["y"].mean()) ** 2) == pytest.approx(
        true["gain"], abs=0.01
    )


def mean(found: dict, name: str) -> float:
    return found[name][0]


def test_a_confounder_without_effect(benchmark: ModuleType) -> None:
    found = benchmark.run("confounded", 30, 4)
    assert mean(found, "raw Spearman") > 0.6
    for name in ("ΔR², least squares", "ΔR², ridge", "ΔR², trees"):
        average, error, _ = found[name]
        assert average < 2.0 * error
    assert mean(found, "ΔR² interval holds the truth") >= 0.9
    assert mean(found, "mixed interval holds the truth") >= 0.8  # 95 % is expected; less has a chance under 1 in 1,000


def test_an_effect_is_found_at_its_size(benchmark: ModuleType) -> None:
    found, true = benchmark.run("effect", 30, 0), benchmark.truth("effect")
    average, error, _ = found["ΔR², least squares"]
    assert average > 4.0 * error
    assert mean(found, "mixed slope") == pytest.approx(true["slope"], abs=4.0 * found["mixed slope"][1])
    assert mean(found, "mixed interval holds the truth") >= 0.8


def test_rows_that_belong_together_and_are_not_told(benchmark: ModuleType) -> None:
    told, untold = benchmark.run("seeds", 30, 0), benchmark.run("rows", 30, 0)
    assert mean(told, "mixed interval holds the truth") >= 0.8
    assert mean(told, "ΔR², least squares") < 0.0
    assert mean(untold, "ΔR², least squares") > mean(told, "ΔR², least squares")
    assert "mixed slope" not in untold
