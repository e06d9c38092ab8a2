"""The page in a browser: it draws everything from a file without a network, on any screen and on paper."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from lmgeo.analysis.analyze import analyze
from lmgeo.core.spec.blocks import AnalyzeSpec
from lmgeo.report.bundle import colours
from lmgeo.report.context import ReportContext
from lmgeo.report.page import render
from tests.report.facts import everything, suite

CHARTS = "ranking controlled strata gains reflects alignment scree transfer specification power".split()
WIDE, PHONE = {"width": 1280, "height": 900}, {"width": 390, "height": 800}
MARKS = "[class*=role-mark] path, [class*=role-mark] rect, [class*=role-mark] text, [class*=role-mark] line"


@pytest.mark.parametrize("viewport", [WIDE, PHONE], ids=["wide", "phone"])
def test_every_chart_is_drawn_without_network_or_error(
    trained: pd.DataFrame, full: dict[str, Any], open_page: Any, viewport: dict[str, int]
) -> None:
    shown = open_page(render(trained, full), viewport=viewport)
    for chart in CHARTS:
        assert shown.page.locator(f"[data-figure={chart}] svg").locator(MARKS).count() > 2, chart
    for scatter in ("scatter", "second"):
        assert shown.page.locator(f"[data-scatter={scatter}] g.dots_marks path").count() == len(trained)
    assert (shown.said, shown.outside) == ([], [])
    assert shown.page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0
    wider = "charts => charts.filter((c) => c.scrollWidth > c.clientWidth + 1).map((c) => c.ariaLabel)"
    assert shown.page.eval_on_selector_all(".chart", wider) == []


def test_curves_and_the_holdout_of_a_noise_study(table: pd.DataFrame, facts: dict[str, Any], open_page: Any) -> None:
    shown = open_page(render(table, facts))
    lines = "[data-figure=curves] svg g[class*=mark-line] path"
    assert shown.page.locator(lines).count() == 3
    shown.page.select_option("[data-figure=curves] select", "tiny-b")
    shown.settle()
    assert shown.page.locator(lines).count() == 3
    assert shown.page.locator("#p0-table-holdout tbody tr").count() == 8
    assert shown.said == []


def test_another_choice_is_drawn_anew(trained: pd.DataFrame, full: dict[str, Any], open_page: Any) -> None:
    shown = open_page(render(trained, full))

    def drawn(figure: str) -> str:
        return str(shown.page.inner_html(f"[data-figure={figure}] .chart"))

    for figure, role, option in (
        ("ranking", "kind", "kendall"), ("reflects", "share", "type2_share"), ("transfer", "by", "width"),
        ("transfer", "quantity", "slope"), ("specification", "measure", "final.twonn"),
    ):  # fmt: skip
        before = drawn(figure)
        shown.page.select_option(f"[data-figure={figure}] [data-role={role}]", option)
        shown.settle()
        assert drawn(figure) != before, (figure, role)
    assert "Kendall" in shown.page.text_content("[data-figure=ranking] svg")
    assert shown.said == []


def test_ten_thousand_dots_become_tiles(open_page: Any) -> None:
    table = suite(models=3000, measures=3)
    shown = open_page(render(table, everything(table, ["width"])))
    tiles = shown.page.locator("[data-scatter=scatter] g.tiles_marks path")
    assert 100 < tiles.count() < 2100
    shown.page.select_option("[data-link=across]", "learning_rate")
    shown.page.select_option("[data-link=colour]", "family")
    shown.settle()
    assert 2 < shown.page.locator("[data-scatter=second] g.tiles_marks path").count() < 400
    shown.page.select_option("[data-link=across]", "family")
    shown.settle()
    assert shown.page.locator("[data-scatter=second] g.dots_marks path").count() == 1500
    assert shown.said == []


def test_light_and_dark(trained: pd.DataFrame, full: dict[str, Any], open_page: Any) -> None:
    shown = open_page(render(trained, full), color_scheme="dark")
    ground = "getComputedStyle(document.body).backgroundColor"
    dot = "getComputedStyle(document.querySelector('[data-figure=power] g[class*=mark-line] path')).stroke"
    dark = shown.page.evaluate(ground), shown.page.evaluate(dot)
    assert shown.page.text_content(".theme") == "Light"
    shown.page.click(".theme")
    light = shown.page.evaluate(ground), shown.page.evaluate(dot)
    assert light[0] != dark[0]
    assert light[1] != dark[1]
    assert light[0] == "rgb(246, 247, 249)"
    shown.page.click(".theme")
    assert (shown.page.evaluate(ground), shown.page.evaluate(dot)) == dark


def test_paper_shows_charts_and_text_and_nothing_to_press(
    trained: pd.DataFrame, full: dict[str, Any], open_page: Any
) -> None:
    shown = open_page(render(trained, full), color_scheme="dark")
    assert shown.page.locator(".controls").first.is_visible()
    shown.page.emulate_media(media="print")
    for what in ("nav", ".controls", ".tools", ".theme", ".saves", ".pager button", ".selection"):
        assert shown.page.locator(what).locator("visible=true").count() == 0, what
    assert shown.page.locator("[data-figure=ranking] svg").is_visible()
    assert shown.page.locator(".points").is_visible()
    assert shown.page.evaluate("getComputedStyle(document.querySelector('h2')).color") == "rgb(27, 35, 48)"
    assert shown.page.evaluate("matchMedia('print').matches")
    folded = shown.page.locator("#p0-table-specifications")
    assert folded.is_visible()  # what is folded away on a screen stands open on paper


@pytest.mark.parametrize("kind", ["svg", "png"])
def test_a_chart_is_saved_as_a_picture(
    trained: pd.DataFrame, full: dict[str, Any], open_page: Any, tmp_path: Path, kind: str
) -> None:
    shown = open_page(render(trained, full))
    with shown.page.expect_download() as waiting:
        shown.page.click(f"[data-figure=controlled] [data-save={kind}]")
    assert waiting.value.suggested_filename == f"controlled.{kind}"
    waiting.value.save_as(tmp_path / "picture")
    content = (tmp_path / "picture").read_bytes()
    if kind == "png":
        assert content[:8] == b"\x89PNG\r\n\x1a\n"
        assert int.from_bytes(content[16:20]) > 1500
    else:
        assert b"<svg" in content
        assert b"var(" not in content
        assert b"rgb(36, 87, 197)" in content
    assert shown.said == []


def luminance(colour: str) -> float:
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


@pytest.mark.parametrize("dark", [False, True])
@pytest.mark.parametrize(
    ("text", "ground"),
    [("--ink", "--card"), ("--soft", "--card"), ("--soft", "--page"), ("--accent", "--card"), ("--accent", "--page"),
     ("--accent", "--accent-soft"), ("--soft", "--accent-soft"), ("--warn", "--warn-soft"), ("--ink", "--warn-soft")],
)  # fmt: skip
def test_text_stands_out_from_its_ground(text: str, ground: str, dark: bool) -> None:
    found = sorted(luminance(colours(dark)[name]) for name in (text, ground))
    assert (found[1] + 0.05) / (found[0] + 0.05) >= 4.5


def test_everything_to_press_or_fill_has_a_name(trained: pd.DataFrame, full: dict[str, Any], open_page: Any) -> None:
    context = ReportContext(failures=[{"cell": "a", "error": "b", "mend": "c"}])
    shown = open_page(render(trained, full, context))
    nameless = """() => [...document.querySelectorAll('button, select, input, [role=img], [role=region], dialog, nav')]
        .filter(e => !(e.ariaLabel || e.textContent.trim() || e.labels?.length) && !e.hidden)
        .map(e => e.outerHTML.slice(0, 120))"""
    assert shown.page.evaluate(nameless) == []
    assert shown.page.evaluate("document.documentElement.lang") == "en"
    ids = shown.page.evaluate("[...document.querySelectorAll('[id]')].map(e => e.id).filter(Boolean)")
    assert len(ids) == len(set(ids))
    links = re.findall(r'href="#([^"]+)"', shown.page.content())
    assert set(links) <= set(ids)


def odd_tables() -> list[pd.DataFrame]:
    """Tables on which little or nothing can be estimated, or whose columns are not what they seem."""
    random = np.random.default_rng(0)
    score = random.random(24)
    plain = pd.DataFrame({"model": [f"m{i}" for i in range(24)], "width": random.choice([1, 2, 4], 24)})
    plain = plain.assign(**{"final.a": score + random.random(24), "final.b": random.random(24), "score.average": score})
    return [
        plain.head(2),
        plain.head(4),
        plain.assign(**{"final.a": 1.0, "final.b": 2.0}),
        plain.assign(**{"score.average": 0.5}),
        plain.assign(**{"final.a": [np.inf, -np.inf, *plain["final.a"][2:]]}),
        plain.assign(model="same"),
        plain.assign(model=range(24)),
        plain.drop(columns="model"),
        plain.assign(flag=plain["width"] > 1, day=pd.date_range("2020-01-01", periods=24), width2=plain["width"] * 2),
        plain.assign(**{"final.a": plain["final.a"] * 1e300, "final.b": plain["final.b"] * 1e-300}),
        plain.assign(alpha=random.choice([0, 5, 1e6], 24), family=[None] * 12 + ["q"] * 12),
    ]


def test_odd_tables_are_shown_without_error(open_page: Any) -> None:
    spec = AnalyzeSpec(controls=["width"])
    parts = [
        (t, analyze(t, spec, ["final.a", "final.b"]), ReportContext(title=f"{i}")) for i, t in enumerate(odd_tables())
    ]
    shown = open_page(render(*parts[0], more=parts[1:]), viewport=PHONE)
    assert shown.page.locator("article.part").count() == len(parts) + 1
    assert shown.page.locator(".chart:not([data-drawn])").count() == 0
    assert (shown.said, shown.outside) == ([], [])
    assert shown.page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0
