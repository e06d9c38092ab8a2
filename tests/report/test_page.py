"""The page: the same bytes each time, safe with any name, complete without a network."""

from __future__ import annotations

import json
import os
import re
import shutil
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from lmgeo.report.payload import safe_json

from lmgeo.analysis.analyze import analyze
from lmgeo.core.spec.blocks import AnalyzeSpec
from lmgeo.report.context import ReportContext
from lmgeo.report.page import render

HOSTILE = "</script><script>window.broken = 1</script>"


def own_part(page: str) -> str:
    """The page without the drawing library, which holds any text at all."""
    return page[: page.rindex("</article>")]


def test_same_input_same_bytes_and_small(table: pd.DataFrame, facts: dict[str, Any]) -> None:
    context = ReportContext(title="A study", seconds={"measure": 61.0}, command="lmgeo report runs/a --out a.html")
    page = render(table, facts, context)
    assert page == render(table.copy(), json.loads(json.dumps(facts)), context)
    assert len(page.encode()) < 1_300_000
    for words in ("A study", "1 min 1 s", "lmgeo report runs/a --out a.html", "Failures and caveats", "final.eee"):
        assert words in page


def test_nothing_is_fetched(table: pd.DataFrame, facts: dict[str, Any]) -> None:
    page = own_part(render(table, facts))
    assert "default-src 'none'" in page
    assert not re.search(r"(src|href)=[\"']?(https?:)?//", page)
    assert "@import" not in page
    assert "url(" not in page


def test_hostile_names_are_escaped_everywhere(table: pd.DataFrame) -> None:
    names = {"model": object, "base": object}
    table = table.astype(names).rename(
        columns={"final.eee": f"final.{HOSTILE}", "score.average": "<img src=x onerror=broken()>"}
    )
    table.loc[0, ["model", "base"]] = [HOSTILE, '"><b>']
    table.loc[1, "model"] = "half a pair \ud800"
    measures = [c for c in table.columns if c.startswith("final.")]
    facts = analyze(table, AnalyzeSpec(target="<img src=x onerror=broken()>", by="base"), measures)
    context = ReportContext(title=HOSTILE, source=HOSTILE, study=HOSTILE, command=HOSTILE, settings={HOSTILE: HOSTILE},
                            failures=[{"cell": HOSTILE, "error": HOSTILE, "mend": HOSTILE}], notes=[HOSTILE],
                            measures={measures[0]: {"description": HOSTILE}})  # fmt: skip
    page = render(table, facts, context)
    page.encode("utf-8")
    assert "<script>window" not in page
    assert "<img" not in own_part(page)
    assert '"><b>' not in own_part(page)


def test_json_in_a_page_keeps_its_values() -> None:
    value = {"</script>": ["<!--", "a & b", 1.23456789, float("nan"), 12345678.0, None]}
    text = safe_json(value)
    assert "<" not in text
    assert json.loads(text) == {"</script>": ["<!--", "a & b", 1.2346, None, 12346000, None]}


def test_a_bare_table_and_one_where_nothing_can_be_estimated(table: pd.DataFrame) -> None:
    bare = table[["final.eee", "score.order"]].rename(columns={"score.order": "y"})
    assert "row 3" in render(bare, analyze(bare, AnalyzeSpec(target="y")))
    flat = bare.assign(**{"final.eee": 1.0})
    page = render(flat, analyze(flat, AnalyzeSpec(target="y")))
    assert "the measure is constant" in page
    assert 'data-chart="ranking"' not in page


def test_settings_are_drawn_apart_as_they_are_analysed(table: pd.DataFrame) -> None:
    twice = pd.concat([table.assign(protocol="default"), table.assign(protocol="other")], ignore_index=True)
    page = render(twice, analyze(twice, AnalyzeSpec(), ["final.eee"]))
    data = json.loads(re.findall(r'class="data">(.*?)</script>', page)[0])
    assert len(data["scatter"]["models"]) == len(table)


def test_several_tables_are_chapters_of_one_page(table: pd.DataFrame, facts: dict[str, Any]) -> None:
    page = render(table, facts, ReportContext(title="First"), more=[(table, facts, ReportContext(title="Second"))])
    assert page.count('class="part"') == 2
    assert 'id="p1-summary"' in page
    assert page.count("window.vegaEmbed") == 1


BROWSER = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)


@pytest.mark.skipif(BROWSER is None and os.environ.get("CI") != "true", reason="no browser on this machine")
def test_a_browser_draws_it_from_a_file_without_network_or_error(
    table: pd.DataFrame, facts: dict[str, Any], tmp_path: Path
) -> None:
    from playwright.sync_api import sync_playwright

    table = table.astype({"model": object})
    table.loc[0, "model"] = HOSTILE
    (tmp_path / "page.html").write_text(render(table, facts, ReportContext(title=HOSTILE)), encoding="utf-8")
    said: list[str] = []
    asked: list[str] = []
    flags = ["--no-sandbox", "--disable-quic", "--disable-background-networking"]
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=BROWSER, args=flags)
        page = browser.new_page(viewport={"width": 390, "height": 800}, offline=True)
        page.on("console", lambda message: said.append(message.text))
        page.on("pageerror", lambda error: said.append(str(error)))
        page.on("request", lambda request: asked.append(request.url))
        page.goto((tmp_path / "page.html").as_uri())
        for chart in ("ranking", "scatter", "curves"):
            page.wait_for_selector(f'[data-chart="{chart}"] svg', timeout=30_000)
        page.select_option('[data-role="measure"]', "final.isoscore")
        page.wait_for_function("document.querySelector('[data-chart=scatter]').textContent.includes('final.isoscore')")
        page.select_option('[data-role="kind"]', "spearman")
        page.click("#p0-models-table th:nth-child(2) button")
        page.click("#p0-models-table th:nth-child(2) button")
        keys = page.eval_on_selector_all(
            "#p0-models-table tbody tr td:nth-child(2)", "cells => cells.map(c => +c.dataset.key)"
        )
        wider = page.evaluate("document.documentElement.scrollWidth - innerWidth")
        broken = page.evaluate("window.broken")
        browser.close()
    assert said == []
    assert [url for url in asked if not url.startswith(("file:", "data:"))] == []
    assert keys == sorted(keys)
    assert wider <= 0
    assert broken is None
