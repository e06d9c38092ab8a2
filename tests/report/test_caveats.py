"""Caveats appear where they apply, and in the list."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pandas as pd

from lmgeo.report.caveats import caveats
from lmgeo.report.context import ReportContext
from lmgeo.report.page import render
from tests.report.facts import everything


def heads(table: pd.DataFrame, facts: dict[str, Any], context: ReportContext | None = None) -> dict[str, str]:
    return {c.head: c.text for c in caveats(table, facts, context or ReportContext())}


def test_they_appear_where_they_apply(table: pd.DataFrame, facts: dict[str, Any]) -> None:
    assert list(heads(table, facts)) == ["Few models", "Related models", "Gains", "Remark", "Note", "Association"]
    context = ReportContext(
        counts={"failed": 2, "missing": 1},
        missing_values=[{"model": "a", "measure": "final.eee", "reason": "too few rows"}] * 3,
        notes=["said by the study"],
    )
    dropped = {**facts, "dropped": [{"rows": 3, "reason": "no measure has a value"}], "notes": ["one setting"]}
    both = table.assign(protocol=["default", "marbut2024"] * 13)
    text = " ".join(f"{c.head} {c.text}" for c in caveats(both, dropped, context))
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


def test_intervals_over_groups_are_told_with_their_number(table: pd.DataFrame, facts: dict[str, Any]) -> None:
    grouped = {**facts, "clusters": {"by": "training configuration", "count": 9}}
    assert "each training configuration as one (9 groups in 26 rows)" in heads(table, grouped)["Related models"]
    alone = {**facts, "clusters": {"by": "row", "count": 26}}
    assert "too narrow for the question of a new base" in heads(table, alone)["Related models"]


def test_the_least_telling_correlation_is_the_critical_one(table: pd.DataFrame, facts: dict[str, Any]) -> None:
    from scipy import stats

    t = stats.t.ppf(0.975, 24)
    assert f"±{t / np.sqrt(24 + t * t):.2f}" in heads(table, facts)["Few models"]


def test_controls_that_determine_one_another_are_told(trained: pd.DataFrame) -> None:
    both = trained.assign(inner=trained["width"] * 2.0 + 1)
    found = heads(both, everything(both, ["width", "inner", "weight_decay"]))
    assert "3 columns carry 2 independent ones" in found["Collinear controls"]
    apart = heads(trained, everything(trained, ["width", "weight_decay", "family"]))
    assert "Collinear controls" not in apart


def test_fits_that_failed_and_choices_that_are_aliased(trained: pd.DataFrame, full: dict[str, Any]) -> None:
    found = heads(trained, full)
    assert "final.twonn" in found["Mixed models"]
    first, *rest = full["reflects"]
    choices = [{**c, "df": 0 if c["choice"] == "width" else 1} for c in first["choices"]]
    entry = full["incremental_all"]
    changed = {
        **full,
        "reflects": [{**first, "choices": choices}, *rest],
        "incremental_all": {**entry, "boosted": {**entry["boosted"], "remark": "fitted on 2,000 of 9,000 models"}},
        "partial": [{**full["partial"][0], "spearman": None, "reason": "the controls determine the measure"}],
        "alignment": {**full["alignment"], "reason": "ranked once"},
    }
    found = heads(trained, changed)
    assert "width" in found["Aliased choices"]
    assert "the controls determine the measure" in found["Partial correlations"]
    said = [c.text for c in caveats(trained, changed, ReportContext()) if c.head == "Remark"]
    assert said == [
        "all measures together: fitted on 2,000 of 9,000 models.",
        "correlations among measures: ranked once.",
    ]


def test_each_stands_beside_its_section_and_in_the_list(trained: pd.DataFrame, full: dict[str, Any]) -> None:
    page = render(trained, full)
    section = re.search(r'<section id="p0-controls">.*?</section>', page, re.S)
    listed = re.search(r'<section id="p0-caveats">.*?</section>', page, re.S)
    assert section is not None
    assert listed is not None
    assert "did not converge" in section[0]
    assert "did not converge" in listed[0]
    assert 'href="#p0-controls"' in listed[0]
