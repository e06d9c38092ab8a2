"""Two tables side by side."""

from __future__ import annotations

from typing import Any

import pandas as pd

from lmgeo.report.chapter import chapter
from lmgeo.report.comparison import comparison
from lmgeo.report.context import ReportContext
from lmgeo.report.page import render
from tests.report.facts import everything, suite


def chapters(other: pd.DataFrame, trained: pd.DataFrame, full: dict[str, Any]) -> list[Any]:
    first = ReportContext(source="a", settings={"corpus": "pydocs"}, protocol={"default": {"bits": 8}})
    second = ReportContext(source="b", settings={"corpus": "wikitext"}, provenance={"numpy": "2.4"})
    changed = everything(other, ["width", "weight_decay"])
    return [chapter(0, trained, full, first), chapter(1, other, changed, second)]


def test_correlations_settings_and_models_are_set_side_by_side(trained: pd.DataFrame, full: dict[str, Any]) -> None:
    other = suite(models=60, measures=10, seed=5).assign(extra=1.0)
    first, second = chapters(other, trained, full)
    (pair,) = comparison([first, second]).pairs
    assert (pair.first, pair.second) == ("a", "b")
    assert pair.text[0] == "10 measures and 60 models stand in both a and b."
    assert pair.text[1].startswith("Only in a: unembedding.isoscore")
    rows = pair.charts[0].data["compared"]
    assert {r["kind"] for r in rows} == {"pearson", "spearman", "partial"}
    row = next(r for r in rows if (r["measure"], r["kind"]) == ("final.eee", "pearson"))
    mine, theirs = (next(e for e in c.facts["correlations"] if e["measure"] == "final.eee") for c in (first, second))
    assert [row["a"], row["a_low"], row["a_high"]] == [mine["pearson"], *mine["pearson_ci"]]
    assert [row["b"], row["b_low"], row["b_high"]] == [theirs["pearson"], *theirs["pearson_ci"]]
    estimates, unlike, models = pair.tables
    assert estimates.rows == 10
    settings = dict(zip(unlike.fields[0].values, zip(*(f.values for f in unlike.fields[1:]), strict=True), strict=True))
    assert settings["corpus"] == ("pydocs", "wikitext")
    assert settings["protocol default"] == ("bits 8", "–")
    assert settings["controls"] == ("width, weight_decay, learning_rate, batch_size", "width, weight_decay")
    assert settings["version of numpy"] == ("–", "2.4")
    assert models.rows == 60
    assert models.fields[1].values[0] == trained["score.average"][0]


def test_tables_with_nothing_in_common(trained: pd.DataFrame, full: dict[str, Any]) -> None:
    other = suite(models=30, measures=2, seed=1).rename(columns={"final.eee": "x.a", "final.isoscore": "x.b"})
    other["model"] = [f"m{i}" for i in range(30)]
    (pair,) = comparison(chapters(other, trained, full)).pairs
    assert pair.text[0] == "0 measures and 0 models stand in both a and b."
    assert not pair.charts


def test_the_page_draws_it(trained: pd.DataFrame, full: dict[str, Any], open_page: Any) -> None:
    other = suite(models=60, measures=10, seed=5)
    more = [(other, everything(other, ["width"]), ReportContext(title="Other", source="b.csv"))]
    shown = open_page(render(trained, full, ReportContext(title="One", source="a.csv"), more=more))
    assert shown.page.locator("[data-figure=compared-1] svg g[class*=mark-symbol] path").count() == 10
    shown.page.select_option("[data-figure=compared-1] select", "partial")
    shown.settle()
    assert shown.page.locator("#compared-table-compared-1 tbody tr").count() == 10
    assert shown.page.locator("#p1 [data-scatter=scatter] g.dots_marks path").count() == 60
    assert "in a.csv" in shown.page.text_content("[data-figure=compared-1] svg")
    shown.page.click("nav.chapters a:nth-child(2)")
    assert (shown.said, shown.outside) == ([], [])
    assert shown.page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0
