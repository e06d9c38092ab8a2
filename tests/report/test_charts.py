"""Charts by one definition: values are put in, and every picture is drawn from the specs of the page."""

from __future__ import annotations

import json
import re
from typing import Any

import pandas as pd
import pytest

from lmgeo.core.errors import UnknownName
from lmgeo.report.bundle import colours
from lmgeo.report.chapter import chapter
from lmgeo.report.charts.alignment import alignment, scree
from lmgeo.report.charts.all import charts
from lmgeo.report.charts.base import MOST_ROWS, bind
from lmgeo.report.charts.power import power
from lmgeo.report.charts.ranking import ranking
from lmgeo.report.charts.scatter import FORMS, form_of, pairs, specs
from lmgeo.report.charts.specification import specification
from lmgeo.report.charts.transfer import transfer
from lmgeo.report.context import ReportContext
from lmgeo.report.models import Column, Models
from lmgeo.report.pictures import charts_of, picture, pictures, standalone


def test_what_is_put_in_is_not_looked_into() -> None:
    spec = {"a": "$x", "b": ["$y", {"c": "$x"}], "d": "$unknown", "e": "plain $x"}
    assert bind(spec, {"$x": "$y", "$y": [1]}) == {"a": "$y", "b": [[1], {"c": "$y"}], "d": "$unknown", "e": "plain $x"}


def test_no_spec_holds_a_name_of_the_table(trained: pd.DataFrame, full: dict[str, Any]) -> None:
    names = [*trained.columns[7:], "encoder", "wikitext", "final."]
    for name, chart in charts(trained, full).items():
        for narrow in (False, True):
            text = json.dumps(chart.spec(narrow))
            assert not [word for word in names if word in text], name
    text = json.dumps(specs())
    assert not [word for word in names if word in text]


def test_every_colour_named_is_a_colour_of_the_page(trained: pd.DataFrame, full: dict[str, Any]) -> None:
    drawn = [standalone(c, narrow=n) for c in charts(trained, full).values() for n in (False, True)]
    named = set(re.findall(r"var\((--[\w-]+)\)", json.dumps([drawn, specs()])))
    assert named <= set(colours())
    assert colours().keys() == colours(dark=True).keys()
    assert colours()["--card"] == "#ffffff"


def test_nothing_is_left_to_put_in(trained: pd.DataFrame, full: dict[str, Any]) -> None:
    one = chapter(0, trained, full, ReportContext())
    for name, chart in charts_of([one]).items():
        for narrow in (False, True):
            assert not re.findall(r'"\$[a-z]+"', json.dumps(chart.bound(600, narrow))), name


def test_each_picker_option_puts_in_the_same_places(trained: pd.DataFrame, full: dict[str, Any]) -> None:
    for chart in charts(trained, full).values():
        for picker in chart.pickers:
            assert len({frozenset(option.binds) for option in picker.options}) == 1


@pytest.mark.parametrize(("form", "start"), [("png", b"\x89PNG"), ("svg", b"<svg"), ("pdf", b"%PDF")])
def test_pictures_of_every_kind(trained: pd.DataFrame, full: dict[str, Any], form: str, start: bytes) -> None:
    chart = charts(trained, full)["gains"]
    content = picture(chart, form)
    assert content.startswith(start)
    assert content == picture(chart, form) or form == "pdf"  # a PDF tells the day it was made


def test_every_chart_has_a_picture(trained: pd.DataFrame, full: dict[str, Any], table: pd.DataFrame) -> None:
    one = chapter(0, trained, full, ReportContext())
    drawn = pictures([one], ["svg"])
    expected = ["scatter", "second", *one.charts]
    assert list(drawn) == [f"{name}.svg" for name in expected]
    for name, content in drawn.items():
        assert content.count(b"<path") > 3, name
        assert b"var(" not in content
    assert b"final.lsq_patchiness" in drawn["scatter.svg"]
    names = [f"{number}-{name}" for number in (1, 2) for name in expected]
    assert list(charts_of([one, one])) == [*names, "compared-1"]


def test_an_unknown_kind_of_picture_is_refused(trained: pd.DataFrame, full: dict[str, Any]) -> None:
    with pytest.raises(UnknownName, match="did you mean 'png'"):
        picture(charts(trained, full)["gains"], "pgn")


def test_the_ranking_holds_each_kind_in_its_own_order(full: dict[str, Any]) -> None:
    chart = ranking(full)
    assert chart is not None
    options = {o.value: o.binds for o in chart.pickers[0].options}
    assert list(options) == ["pearson", "spearman", "kendall", "distance_correlation"]
    for kind in ("pearson", "spearman"):
        order = sorted(full["correlations"], key=lambda e: -abs(e[kind]))
        assert options[kind]["$order"] == [e["measure"] for e in order]
    row = next(r for r in chart.data["ranking"] if (r["measure"], r["kind"]) == ("final.eee", "pearson"))
    entry = next(e for e in full["correlations"] if e["measure"] == "final.eee")
    assert [row["r"], row["low"], row["high"]] == [entry["pearson"], *entry["pearson_ci"]]


def test_long_rankings_are_cut_and_say_so(full: dict[str, Any]) -> None:
    many = [{**full["correlations"][0], "measure": f"m{i}"} for i in range(1000)]
    chart = ranking({**full, "correlations": many})
    assert chart is not None
    assert len(chart.pickers[0].options[0].binds["$order"]) == MOST_ROWS
    assert f"The {MOST_ROWS} strongest of 1000" in chart.caption


def test_errors_of_transfer_are_relative_to_the_mean(full: dict[str, Any]) -> None:
    chart = transfer(full)
    assert chart is not None
    mean = next(e for e in full["transfer"] if (e["form"], e["by"]) == ("mean", "family"))
    entry = next(
        e for e in full["transfer"] if (e["measure"], e["form"], e["by"]) == ("final.eee", "measure", "family")
    )
    row = next(
        r for r in chart.data["transfer"] if (r["measure"], r["form"], r["by"]) == ("final.eee", "measure", "family")
    )
    assert row["error"] == pytest.approx(entry["mse"] / mean["mse"])
    assert row["levels"].startswith("encoder ")
    without = [e for e in full["transfer"] if e["form"] != "mean"]
    assert transfer({**full, "transfer": without}) is None


def test_the_specification_curve_is_sorted_and_its_matrix_complete(full: dict[str, Any]) -> None:
    chart = specification(full)
    assert chart is not None
    name = chart.pickers[0].options[0].binds["$pick"]
    curve = [row for row in chart.data["curve"] if row["measure"] == name]
    assert [row["r"] for row in curve] == sorted(row["r"] for row in curve)
    assert [row["at"] for row in curve] == list(range(8))
    matrix = [row for row in chart.data["matrix"] if row["measure"] == name]
    assert len(matrix) == 8 * 3
    assert {row["choice"] for row in matrix} == set(chart.binds["$axes"])


def test_the_map_of_measures_has_a_tile_for_each_pair(full: dict[str, Any]) -> None:
    chart = alignment(full)
    assert chart is not None
    assert len(chart.data["alignment"]) == 18 * 18
    assert chart.binds["$order"] == full["alignment"]["order"]
    unsure = {**full["alignment"], "spearman": None, "reason": "300 measures: the matrix is given for 200 at most"}
    assert alignment({**full, "alignment": unsure}) is None


def test_eigenvalues_beyond_the_rank_are_not_filled_though_rounding_lifts_them_over_chance() -> None:
    found = {"eigenvalues": [3.0, 0.9, 0.1, 1e-16], "thresholds": [2.0, 1.2, 0.8, 0.0], "dimensions": 1}
    chart = scree({"alignment": found})
    assert chart is not None
    assert [row["above"] for row in chart.data["scree"]] == [True, False, False, False]


@pytest.mark.parametrize(("least", "anchor"), [(0.97, "end"), (0.84, "end"), (0.15, "start")])
def test_the_words_at_a_tables_power_stand_where_there_is_room(least: float, anchor: str) -> None:
    curve = [{"true": true / 10, "power": true / 10} for true in range(1, 10)]
    found = {"partial_correlation": curve, "detectable_80": least, "n": 9, "controls": 0, "needed": []}
    chart = power({"power": found})
    assert chart is not None
    text = re.search(r"<text[^>]*>you are here[^<]*<", picture(chart, "svg").decode())
    assert text is not None
    assert f'text-anchor="{anchor}"' in text[0]


def test_pairs_are_of_models_that_have_both_values() -> None:
    x = Column("x", "measure", True, [1.0, None, 3.0])
    y = Column("y", "score", True, [0.5, 0.6, None])
    models = Models(["a", "b", "c"], [1, 2, 3], [x, y], [], None)
    assert [(r["i"], r["model"], r["x"], r["y"]) for r in pairs(models, x, y, None)] == [(0, "a", 1.0, 0.5)]
    assert {form_of(9, x, None), form_of(9, Column("f", "factor", False, ["u"]), None)} == {"dots", "levels"}
    assert {form_of(9000, x, None), form_of(9000, x, Column("f", "factor", False, ["u"]))} == set(FORMS[2:])
