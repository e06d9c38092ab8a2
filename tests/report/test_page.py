"""The page as text: the same bytes each time, safe with any name, complete without a network."""

from __future__ import annotations

import json
import re
from typing import Any

import numpy as np
import pandas as pd
import pytest

from lmgeo.analysis.analyze import analyze
from lmgeo.core.spec.blocks import AnalyzeSpec
from lmgeo.report.context import ReportContext
from lmgeo.report.page import render
from tests.report.facts import complete, measure_names

HOSTILE = "</script><script>window.broken = 1</script>"


def own_part(page: str) -> str:
    """The page without the drawing library, which holds any text at all."""
    return page[: page.rindex("</article>")]


def sections_of(page: str) -> list[str]:
    return re.findall(r'<section id="p0-([a-z]+)"', own_part(page))


def data_of(page: str, kind: str = "data") -> Any:
    return json.loads(re.findall(rf'class="{kind}">(.*?)</script>', page)[0])


def test_same_input_same_bytes_and_small(trained: pd.DataFrame, full: dict[str, Any]) -> None:
    context = ReportContext(title="A study", seconds={"measure": 61.0}, command="lmgeo report runs/a --out a.html")
    page = render(trained, full, context)
    assert page == render(trained.copy(), json.loads(json.dumps(full)), context)
    assert len(page.encode()) < 1_600_000
    for words in ("A study", "1 min 1 s", "lmgeo report runs/a --out a.html", "Failures and caveats", "final.eee"):
        assert words in page


def test_nothing_is_fetched(trained: pd.DataFrame, full: dict[str, Any]) -> None:
    page = own_part(render(trained, full))
    assert "default-src 'none'" in page
    assert not re.search(r"(src|href)=[\"']?(https?:)?//", page)
    assert "@import" not in page
    assert "url(" not in page


def hostile(table: pd.DataFrame) -> tuple[pd.DataFrame, dict[str, Any], ReportContext]:
    """A table, a document and a context in which every name a user can choose is ill meant."""
    target = "<img src=x onerror=broken()>"
    table = table.astype({"model": object, "base": object}).rename(
        columns={"final.eee": f"final.{HOSTILE}", "final.isoscore": "$order", "score.average": target}
    )
    table.loc[0, ["model", "base"]] = [HOSTILE, '"><b x>']
    table.loc[1, "model"] = "half a pair \ud800"
    table.loc[2, "model"] = "long " + "x" * 3000
    table.loc[3, "model"] = "__proto__"
    table.loc[4, "model"] = "naïve \"quoted\" 'model', 模型 🙂\n=1+1"
    measures = [c for c in table.columns if c.startswith(("final.", "$"))]
    facts = complete(analyze(table, AnalyzeSpec(target=target, controls=["alpha"]), measures), table, ["alpha"])
    context = ReportContext(title=HOSTILE, source=HOSTILE, study=HOSTILE, command=HOSTILE, settings={HOSTILE: HOSTILE},
                            failures=[{"cell": HOSTILE, "error": HOSTILE, "mend": HOSTILE}], notes=[HOSTILE],
                            measures={measures[0]: {"description": HOSTILE}}, keys={HOSTILE: {measures[0]: ["a"]}},
                            records={HOSTILE: [HOSTILE]})  # fmt: skip
    return table, facts, context


def test_hostile_names_are_escaped_everywhere(table: pd.DataFrame) -> None:
    page = render(*hostile(table))
    page.encode("utf-8")
    assert "<script>window" not in page
    assert "<img" not in own_part(page)
    assert '"><b x>' not in own_part(page)


def test_hostile_names_are_harmless_in_a_browser(table: pd.DataFrame, open_page: Any) -> None:
    one = hostile(table)
    shown = open_page(render(*one, more=[one]), viewport={"width": 390, "height": 800})
    shown.page.locator("#p0 [data-table=models] button.model").first.click()
    assert shown.page.evaluate("window.broken") is None
    assert (shown.said, shown.outside) == ([], [])
    assert shown.page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0


@pytest.mark.parametrize("value", [None, [], {}])
def test_a_part_that_is_missing_or_empty_is_no_section(trained: pd.DataFrame, full: dict[str, Any], value: Any) -> None:
    basic = {"target", "n", "dropped", "correlations", "regressions", "notes"}
    emptied = {key: found if key in basic else value for key, found in full.items()}
    old = {key: found for key, found in full.items() if key in basic}
    sections = sections_of(render(trained, old))
    assert sections == ["summary", "ranking", "scatter", "models", "regressions", "caveats", "ran"]
    assert sections_of(render(trained, emptied)) == sections


def test_a_full_document_has_every_section_and_chart(trained: pd.DataFrame, full: dict[str, Any]) -> None:
    page = render(trained, full)
    sections = "summary ranking scatter models controls reflects battery transfer training exceptions settings power"
    assert sections_of(page) == [*sections.split(), "regressions", "caveats", "ran"]
    charts = "ranking controlled strata gains reflects alignment scree transfer specification power"
    assert list(data_of(page)["charts"]) == charts.split()


def test_a_bare_table_and_one_where_nothing_can_be_estimated(table: pd.DataFrame) -> None:
    bare = table[["final.eee", "score.order"]].rename(columns={"score.order": "y"})
    assert "row 3" in render(bare, analyze(bare, AnalyzeSpec(target="y")))
    flat = bare.assign(**{"final.eee": 1.0})
    page = render(flat, analyze(flat, AnalyzeSpec(target="y")))
    assert "the measure is constant" in page
    assert 'data-figure="ranking"' not in page
    assert "Cannot tell" in page


def test_settings_are_drawn_apart_as_they_are_analysed(table: pd.DataFrame) -> None:
    twice = pd.concat([table.assign(protocol="default"), table.assign(protocol="other")], ignore_index=True)
    page = render(twice, analyze(twice, AnalyzeSpec(), ["final.eee"]))
    assert len(data_of(page, "models")["names"]) == len(table)


def test_several_tables_are_chapters_of_one_page(table: pd.DataFrame, facts: dict[str, Any]) -> None:
    page = render(table, facts, ReportContext(title="First"), more=[(table, facts, ReportContext(title="Second"))])
    assert page.count('class="part"') == 2
    assert 'id="p1-summary"' in page
    assert page.count("window.vegaEmbed") == 1
    assert 'id="compared"' in page
    assert 'id="compared"' not in render(table, facts)


def test_ten_thousand_models_fit_into_eight_megabytes() -> None:
    random = np.random.default_rng(0)
    rows, names = 10_000, measure_names(52)
    quality = random.normal(size=rows)
    table = pd.DataFrame({"model": [f"modernbert-w64|noise(alpha={i % 100},seed={i})" for i in range(rows)]})
    table = table.assign(family=random.choice(["bert", "modernbert"], rows), alpha=random.integers(0, 100, rows))
    columns = {
        name: quality * 0.2 + random.normal(size=rows) for name in (*names, "score.a", "score.b", "score.c", "score.d")
    }
    table = pd.concat([table, pd.DataFrame(columns)], axis=1).assign(**{"score.average": quality, "width": 64})
    assert len(table.columns) == 61
    entry = {
        "n": rows,
        "pearson": 0.2,
        "pearson_ci": [0.1, 0.3],
        "spearman": 0.2,
        "spearman_ci": [0.1, 0.3],
        "p": 0.0,
        "q": 0.0,
    }
    facts = {"target": "score.average", "n": rows, "dropped": [], "notes": [], "regressions": []}
    keys = {name: {m: [f"{i:06d}{k:02d}" * 3] for k, m in enumerate(names)} for i, name in enumerate(table["model"])}
    records = {name: [f"records/measure/{i:024d}-12345678.json"] * 3 for i, name in enumerate(table["model"])}
    found = {**facts, "correlations": [{"measure": m, **entry} for m in names]}
    page = render(table, found, ReportContext(keys=keys, records=records))
    assert len(page.encode()) < 8_000_000
    assert len(data_of(page, "models")["names"]) == rows
    assert data_of(page, "models")["left_out"] == []
