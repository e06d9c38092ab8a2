"""Charts, tables and the panel of one model work together: what is picked in one is picked in all."""

from __future__ import annotations

import csv
import io
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from lmgeo.analysis.table import read_table
from lmgeo.report.context import ReportContext
from lmgeo.report.page import render

ROWS = "#p0-table-models tbody tr"


@pytest.fixture
def shown(trained: pd.DataFrame, full: dict[str, Any], open_page: Any) -> Any:
    """The page of the trained models."""
    return open_page(render(trained, full))


def brush(shown: Any, figure: str, low: float = 0.35, high: float = 0.75) -> None:
    """Draws a rectangle over the middle of a scatter."""
    box = shown.page.locator(f"[data-scatter={figure}] svg")
    box.scroll_into_view_if_needed()
    place = box.bounding_box()

    def at(share: float) -> tuple[float, float]:
        return place["x"] + share * place["width"], place["y"] + share * place["height"]

    shown.page.mouse.move(*at(low))
    shown.page.mouse.down()
    shown.page.mouse.move(*at((low + high) / 2))
    shown.page.mouse.move(*at(high))
    shown.page.mouse.up()
    shown.page.wait_for_selector("#p0 .selection:not([hidden])")
    shown.settle()


def picked(shown: Any, figure: str) -> int:
    return int(shown.page.locator(f"[data-scatter={figure}] g.picked_marks path").count())


def saved(shown: Any, click: str, folder: Path) -> list[dict[str, str]]:
    """The rows of the CSV that a press leaves."""
    with shown.page.expect_download() as waiting:
        shown.page.locator(click).click()
    waiting.value.save_as(folder / "saved.csv")
    return list(csv.DictReader(io.StringIO((folder / "saved.csv").read_text(encoding="utf-8"))))


def test_a_rectangle_picks_the_same_models_everywhere(shown: Any, trained: pd.DataFrame, tmp_path: Path) -> None:
    assert picked(shown, "second") == 0
    brush(shown, "scatter")
    count = picked(shown, "scatter")
    assert 3 < count < len(trained)
    assert picked(shown, "second") == count
    assert shown.page.text_content("#p0 [data-count]") == f"{count} models selected"
    assert shown.page.text_content("#p0-table-models .status") == f"{count} of 108 rows"
    lines = shown.page.locator(ROWS)
    assert lines.count() == min(25, count)
    assert shown.page.locator(f"{ROWS}.picked").count() == lines.count()
    rows = saved(shown, '#p0 .selection [data-do="csv"]', tmp_path)
    names = {row["model"] for row in rows}
    assert len(rows) == count
    inside = trained[trained["model"].isin(names)]
    outside = trained[~trained["model"].isin(names)]
    x, y = "final.lsq_patchiness", "score.average"
    (x0, x1), (y0, y1) = ((inside[c].min(), inside[c].max()) for c in (x, y))
    assert not (outside[x].between(x0, x1) & outside[y].between(y0, y1)).any()  # it was a rectangle
    shown.page.click('#p0 .selection [data-do="clear"]')
    shown.settle()
    assert (picked(shown, "scatter"), picked(shown, "second")) == (0, 0)
    assert shown.page.locator("#p0 .selection").is_hidden()
    assert shown.page.text_content("#p0-table-models .status") == "108 rows"
    assert shown.said == []


def test_a_rectangle_in_the_second_chart_too(shown: Any) -> None:
    shown.page.select_option("[data-link=across]", "width")
    shown.page.select_option("[data-link=up]", "final.eee")
    shown.settle()
    brush(shown, "second")
    assert picked(shown, "scatter") == picked(shown, "second") > 0
    brush(shown, "scatter", 0.4, 0.5)
    assert shown.page.evaluate("document.querySelectorAll('[data-scatter=second] .brush_brush path').length") <= 1
    assert shown.said == []


def test_levels_are_picked_by_a_rectangle(shown: Any, trained: pd.DataFrame) -> None:
    shown.page.select_option("[data-link=across]", "family")
    shown.settle()
    brush(shown, "second", 0.15, 0.45)
    count = picked(shown, "scatter")
    assert 0 < count < (trained["family"] == "decoder").sum()
    assert shown.said == []


def test_a_touch_picks_on_a_phone(trained: pd.DataFrame, full: dict[str, Any], open_page: Any) -> None:
    shown = open_page(render(trained, full), viewport={"width": 390, "height": 800}, has_touch=True, is_mobile=True)
    assert shown.page.locator("[data-scatter=scatter] .brush_brush").count() == 0  # a finger scrolls
    dots = shown.page.locator("[data-scatter=scatter] g.dots_marks path")
    for i in (3, 50):
        dots.nth(i).scroll_into_view_if_needed()
        dots.nth(i).tap(force=True)
    shown.settle()
    assert 1 <= picked(shown, "second") <= 2
    assert "selected" in shown.page.text_content("#p0 [data-count]")
    assert shown.said == []


def test_another_measure_score_and_colour_change_the_scatter(shown: Any, full: dict[str, Any]) -> None:
    entry = next(e for e in full["correlations"] if e["measure"] == "final.isoscore")
    figure = "[data-scatter=scatter]"
    shown.page.select_option("[data-link=measure]", "final.isoscore")
    shown.settle()
    assert "final.isoscore" in shown.page.text_content(f"{figure} svg")
    assert f"Pearson {entry['pearson']:.2f} (95 %" in shown.page.text_content(f"{figure} [data-figures]")
    shown.page.select_option("[data-link=score]", "score.rte")
    shown.page.select_option("[data-link=colour]", "learning_rate")
    shown.settle()
    text = shown.page.text_content(f"{figure} svg")
    assert "score.rte" in text
    assert "learning_rate" in text
    assert "score.rte" in shown.page.text_content("[data-scatter=second] svg")
    assert "95 %" not in shown.page.text_content(f"{figure} [data-figures]")
    assert shown.said == []


def test_figures_of_what_is_drawn_are_the_correlations(shown: Any, trained: pd.DataFrame) -> None:
    shown.page.select_option("[data-link=score]", "score.mrpc")
    shown.page.select_option("[data-link=group]", label="family: encoder")
    shown.settle()
    rows = trained[trained["family"] == "encoder"]
    x, y = rows["final.lsq_patchiness"], rows["score.mrpc"]
    expected = f"Pearson {x.corr(y):.2f}, Spearman {x.corr(y, 'spearman'):.2f}, {len(rows)} models."
    assert shown.page.text_content("[data-scatter=scatter] [data-figures]").strip() == expected
    assert shown.page.text_content("#p0-table-models .status") == "54 of 108 rows"


def test_a_pointer_is_told_the_model(shown: Any, trained: pd.DataFrame) -> None:
    dot = shown.page.locator("[data-scatter=scatter] g.dots_marks path").first
    dot.scroll_into_view_if_needed()
    dot.hover(force=True)
    shown.page.wait_for_selector("#vg-tooltip-element.visible")
    told = shown.page.text_content("#vg-tooltip-element")
    assert any(name in told for name in trained["model"])


def column(shown: Any, number: int) -> list[float]:
    cells = shown.page.locator(f"{ROWS} td:nth-child({number})").all_text_contents()
    return [float(text.replace("−", "-")) for text in cells]


def test_models_are_sorted_by_mouse_and_by_keyboard(shown: Any, trained: pd.DataFrame) -> None:
    best = trained["score.average"].max()
    assert column(shown, 3)[0] == pytest.approx(best, abs=5e-5)
    head = shown.page.locator("#p0-table-models th:nth-child(3) button")
    head.click()
    assert column(shown, 3) == sorted(column(shown, 3))
    head.focus()
    shown.page.keyboard.press("Enter")
    assert column(shown, 3) == sorted(column(shown, 3), reverse=True)
    assert shown.page.get_attribute("#p0-table-models th:nth-child(3)", "aria-sort") == "descending"


def test_every_model_is_reached_page_by_page(shown: Any, trained: pd.DataFrame) -> None:
    names: list[str] = []
    while True:
        names += shown.page.locator(f"{ROWS} button.model").all_text_contents()
        forth = shown.page.locator("#p0-table-models .pager button").last
        if forth.is_disabled():
            break
        forth.click()
    assert sorted(names) == sorted(trained["model"])
    shown.page.check("#p0-table-models .tools label.check:not([hidden]) input >> nth=-1")
    assert shown.page.locator("#p0-table-models th").count() == len(trained.columns) + 1


FILTERS = {
    "width > 64": "width > 64",
    "score.average >= 0.55 and weight_decay = 0.1": "`score.average` >= 0.55 and weight_decay == 0.1",
    "average < 0.5 or family = ENCODER": "`score.average` < 0.5 or family == 'encoder'",
    "family != encoder": "family != 'encoder'",
    "w192-d0.5": "model.str.contains('w192-d0.5', regex=False)",
    "w192 and width = 192": "width == 192",
    "nothing like it": "width < 0",
}


def test_rows_are_found_by_words_and_comparisons(shown: Any, trained: pd.DataFrame) -> None:
    for text, query in FILTERS.items():
        shown.page.fill("#p0-table-models input[type=search]", text)
        shown.settle()
        assert shown.page.text_content("#p0-table-models .status") == f"{len(trained.query(query))} of 108 rows", text
    shown.page.fill("#p0-table-models input[type=search]", "")
    shown.settle()
    assert shown.page.text_content("#p0-table-models .status") == "108 rows"
    assert shown.said == []


def test_csv_of_all_and_of_the_rows_found(shown: Any, trained: pd.DataFrame, tmp_path: Path) -> None:
    rows = saved(shown, "#p0-table-models >> text=CSV of all rows", tmp_path)
    again = read_table(tmp_path / "saved.csv")
    pd.testing.assert_frame_equal(again[list(trained.columns)], trained, check_dtype=False)
    assert len(rows) == 108
    shown.page.fill("#p0-table-models input[type=search]", "width = 64")
    shown.settle()
    found = saved(shown, "#p0-table-models >> text=CSV of these rows", tmp_path)
    assert {row["model"] for row in found} == set(trained.query("width == 64")["model"])
    measures = saved(shown, "#p0-table-correlations >> text=CSV of all rows", tmp_path)
    assert len(measures) == 18
    assert float(measures[0]["Pearson 95 % low"]) < float(measures[0]["Pearson"])


def test_rows_found_can_be_picked_for_the_charts(shown: Any, trained: pd.DataFrame) -> None:
    shown.page.fill("#p0-table-models input[type=search]", "width = 192")
    shown.settle()
    shown.page.click("#p0-table-models >> text=Select these rows")
    shown.settle()
    assert picked(shown, "scatter") == (trained["width"] == 192).sum()
    shown.page.locator(f"{ROWS} input").first.uncheck()
    shown.settle()
    assert picked(shown, "scatter") == (trained["width"] == 192).sum() - 1


def test_a_model_in_full_with_the_keys_of_its_values(
    trained: pd.DataFrame, full: dict[str, Any], open_page: Any
) -> None:
    name = trained["model"][5]
    keys = {name: {"final.eee": ["0123456789abcdef01234567"], "score.rte": ["aa" * 12, "bb" * 12]}}
    context = ReportContext(source="runs/a", keys=keys, records={name: ["records/measure/x.json"]})
    shown = open_page(render(trained, full, context))
    shown.page.fill("#p0-table-models input[type=search]", name)
    shown.settle()
    shown.page.locator(f"{ROWS} button.model").first.click()
    text = shown.page.inner_text("#p0 dialog")
    for words in (
        name,
        "Data row 6 of runs/a",
        "records/measure/x.json",
        "0123456789abcdef01234567",
        "aa" * 12,
        "bb" * 12,
    ):
        assert words in text
    assert "weight_decay" in text
    shown.page.keyboard.press("Escape")
    assert shown.page.locator("#p0 dialog").is_hidden()


def test_a_counterexample_opens_its_model(shown: Any, full: dict[str, Any]) -> None:
    shown.page.locator("#p0-table-counterexamples button.model").first.click()
    first = max(full["counterexamples"], key=lambda e: abs(e["z"]))
    assert first["model"] in shown.page.inner_text("#p0 dialog h2")
