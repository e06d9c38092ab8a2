"""The power of an analysis for its own models and controls."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest

from lmgeo.analysis.analyze import analyze
from lmgeo.analysis.controls import read_controls
from lmgeo.analysis.power import TRUE, control_count, partial_power
from lmgeo.core.spec.blocks import AnalyzeSpec
from lmgeo.numerics.power import detectable, needed, power


def table(n: int = 40) -> pd.DataFrame:
    random = np.random.default_rng(0)
    return pd.DataFrame(
        {
            "model": [f"m{i}" for i in range(n)],
            "width": random.choice([8.0, 16, 32], size=n),
            "family": random.choice(list("abc"), size=n),
            "eee": random.normal(size=n),
            "y": random.normal(size=n),
        }
    )


def test_an_analysis_tells_its_own_power() -> None:
    found = analyze(table(), AnalyzeSpec(target="y", controls=["width", "family"]))["power"]
    assert (found["n"], found["controls"]) == (40, 3)  # a number and two dummies
    assert found["partial_correlation"] == [{"true": t, "power": power(t, 40, 3)} for t in TRUE]
    assert found["detectable_80"] == detectable(40, 3)
    assert found["needed"] == [{"true": t, "n_80": needed(t, 3)} for t in TRUE]
    assert "reason" not in found


def test_without_controls_it_is_that_of_the_plain_test() -> None:
    found = analyze(table(), AnalyzeSpec(target="y"))["power"]
    assert (found["n"], found["controls"]) == (40, 0)
    assert found["detectable_80"] < 0.5


def test_copies_of_a_base_are_one_model() -> None:
    rows = table().assign(base=np.repeat([f"b{i}" for i in range(10)], 4))
    found = analyze(rows, AnalyzeSpec(target="y"))
    assert found["clusters"] == {"by": "base", "count": 10}
    assert found["power"]["n"] == 10
    assert found["power"]["detectable_80"] == detectable(10)


def test_rows_without_a_target_show_nothing() -> None:
    rows = table()
    rows.loc[:9, "y"] = np.nan
    assert analyze(rows, AnalyzeSpec(target="y"))["power"]["n"] == 30


@pytest.mark.parametrize(
    ("controls", "count"),
    [
        ({"a": range(6)}, 1),
        ({"a": range(6), "b": [2.0 * i + 3 for i in range(6)]}, 1),
        ({"a": range(6), "b": [1e9] * 6}, 1),
        ({"a": [1, 2, 1, 2, 5, 7], "b": list("xyzxyz")}, 3),
        ({"a": ["same"] * 6}, 0),
        ({"a": [np.nan] * 6}, 0),
        ({"a": [1e300, 2e300, 1e300, 5e299, 0, 0], "b": [1e-300, 2e-300, 0, 0, 5e-300, 0]}, 2),
    ],
)
def test_controls_count_by_what_they_take(controls: dict, count: int) -> None:
    assert control_count(read_controls(pd.DataFrame(controls), list(controls))) == count


def test_too_few_models_say_so() -> None:
    rows = table(6)
    for found in (partial_power(4, 0), analyze(rows, AnalyzeSpec(target="y", controls=["width", "family"]))["power"]):
        json.dumps(found, allow_nan=False)
        assert found["detectable_80"] is None
        assert {e["power"] for e in found["partial_correlation"]} == {None}
        assert "at least 5 must be left" in found["reason"]
        assert all(e["n_80"] for e in found["needed"])


def test_few_models_see_nothing_but_the_strongest() -> None:
    found = partial_power(5, 0)
    assert found["detectable_80"] is None or found["detectable_80"] > 0.9
    assert found["partial_correlation"][-1]["power"] < 0.8
