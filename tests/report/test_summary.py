"""Sentences, caveats and grids say what the facts say."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from lmgeo.report import grids, summary
from lmgeo.report.caveats import caveats
from lmgeo.report.context import ReportContext
from lmgeo.report.curves import score_curves
from lmgeo.report.wording import coefficient


def test_the_first_sentence_names_the_strongest_measure_with_its_figures(facts: dict[str, Any]) -> None:
    top = max(facts["correlations"], key=lambda e: abs(e["pearson"]))
    said = summary.sentences(facts)
    assert top["measure"] in said[0]
    assert coefficient(top["pearson"]) in said[0]
    assert "26 models" in said[0]
    assert any("alpha held fixed" in sentence for sentence in said)
    assert any("cross-validation" in sentence for sentence in said)
    assert any("hold-out" in sentence for sentence in said)


def test_a_falling_relation_is_called_falling(facts: dict[str, Any]) -> None:
    turned = {**facts, "correlations": [{**e, "pearson": -abs(e["pearson"])} for e in facts["correlations"]]}
    assert "the score falls" in summary.sentences(turned)[0]


def test_nothing_to_say_is_said(facts: dict[str, Any]) -> None:
    empty = {**facts, "correlations": [{"measure": "m", "n": 1, "pearson": None, "reason": "the measure is constant"}]}
    assert "No measure" in summary.sentences(empty)[0]


def test_caveats_appear_where_they_apply(table: pd.DataFrame, facts: dict[str, Any]) -> None:
    heads = [head for head, _ in caveats(table, facts, ReportContext())]
    assert heads == ["Few models", "Related models", "Association"]
    context = ReportContext(
        counts={"failed": 2, "missing": 1},
        missing_values=[{"model": "a", "measure": "final.eee", "reason": "too few rows"}] * 3,
        notes=["said by the study"],
    )
    dropped = {**facts, "dropped": [{"rows": 3, "reason": "no measure has a value"}], "notes": ["one setting"]}
    both = table.assign(protocol=["default", "marbut2024"] * 13)
    text = " ".join(f"{head} {body}" for head, body in caveats(both, dropped, context))
    for words in (
        "2 cells",
        "1 cell ",
        "3 rows of 26",
        "final.eee on 3 models",
        "Unequal protocols",
        "one setting",
        "said by",
    ):
        assert words in text


def test_the_least_telling_correlation_is_the_critical_one(table: pd.DataFrame, facts: dict[str, Any]) -> None:
    from scipy import stats

    t = stats.t.ppf(0.975, 24)
    assert f"±{t / np.sqrt(24 + t * t):.2f}" in dict(caveats(table, facts, ReportContext()))["Few models"]


def test_curves_hold_means_and_pooled_intervals(table: pd.DataFrame) -> None:
    curves = score_curves(table, "score.average")
    assert curves is not None
    assert (curves["axis"], curves["scores"], curves["groups"]) == (
        "alpha",
        ["average", "order", "topic"],
        ["tiny-a", "tiny-b"],
    )
    rows = table[(table["base"] == "tiny-a") & (table["alpha"] == 20)]["score.order"]
    mean = next(m for m in curves["means"] if (m["x"], m["score"], m["group"]) == (20, "order", "tiny-a"))
    assert mean["mean"] == pytest.approx(rows.mean())
    own = table[table["base"] == "tiny-a"].groupby("alpha")["score.order"].agg(["var", "count"])
    from scipy import stats

    half = stats.t.ppf(0.975, 6) * np.sqrt(own["var"].mean() / 2)  # six values of α with two rows each
    assert mean["high"] - mean["mean"] == pytest.approx(half)
    assert score_curves(table.drop(columns="alpha"), "score.average") is None


def test_the_grid_of_models_is_sorted_and_cut(
    table: pd.DataFrame, facts: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(grids, "_MOST_ROWS", 10)
    grid = grids.models(table, facts)
    assert grid.heads[:2] == ["model", "score.average"]
    keys = [float(row[1].key) for row in grid.rows]
    assert keys == sorted(keys, reverse=True)
    assert (len(grid.rows), grid.left_out) == (10, 16)


def test_definitions_are_found_by_whole_and_bare_name(facts: dict[str, Any]) -> None:
    known = {"eee": {"description": "evenness", "unit": "1", "range": [0, "d"], "direction": "higher = less even"}}
    grid = grids.definitions(facts, ReportContext(measures=known))
    assert grid is not None
    assert [cell.text for cell in grid.rows[0]] == ["eee", "evenness", "1", "0 … d", "higher = less even"]
    assert grids.definitions(facts, ReportContext()) is None
