"""Analysis and page from Python: stores, files, data frames."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import lmgeo
from lmgeo.core.errors import LmgeoError, SpecError


@pytest.fixture
def table() -> pd.DataFrame:
    draw = np.random.default_rng(0)
    score = draw.random(30)
    return pd.DataFrame(
        {
            "model": [f"m{i}" for i in range(30)],
            "family": ["a", "b", "c"] * 10,
            "final.eee": score + 0.1 * draw.random(30),
            "final.vrm": draw.random(30),
            "glue_average": score,
        }
    )


def test_a_frame_and_its_csv_say_the_same(table, tmp_path):
    table.to_csv(tmp_path / "t.csv", index=False)
    from_frame = lmgeo.analyze(table, target="glue_average", by="family")
    from_file = lmgeo.analyze(tmp_path / "t.csv", target="glue_average", by="family")
    assert from_frame == from_file
    assert from_frame["correlations"][0]["pearson"] == pytest.approx(
        np.corrcoef(table["final.eee"], table.glue_average)[0, 1]
    )


def test_a_table_without_score_average_wants_a_target(table):
    with pytest.raises(SpecError, match="target"):
        lmgeo.analyze(table)
    assert lmgeo.analyze(table.rename(columns={"glue_average": "score.average"}))["target"] == "score.average"


def test_no_measures_are_not_all_measures(table, tmp_path):
    with pytest.raises(SpecError, match="no measure is named"):
        lmgeo.analyze(table, target="glue_average", measures=[])
    with pytest.raises(SpecError, match="no measure is named"):
        lmgeo.report(table, target="glue_average", measures=[], out=tmp_path / "page.html")
    assert list(tmp_path.iterdir()) == []


def test_the_page_holds_every_table_given(table, tmp_path):
    table.to_csv(tmp_path / "t.csv", index=False)
    made = lmgeo.report(table, tmp_path / "t.csv", target="glue_average", out=tmp_path / "page.html")
    assert made == {"path": str(tmp_path / "page.html"), "rows": 60}
    first = (tmp_path / "page.html").read_bytes()
    lmgeo.report(table, tmp_path / "t.csv", target="glue_average", out=tmp_path / "page.html")
    assert (tmp_path / "page.html").read_bytes() == first


def test_a_failed_report_writes_nothing(table, tmp_path):
    with pytest.raises(LmgeoError):
        lmgeo.report(table, target="nosuch", out=tmp_path / "page.html")
    assert list(tmp_path.iterdir()) == []


def test_the_page_draws_what_was_analysed(table, tmp_path):
    table["alpha"] = [0, 10, 20] * 10
    options = {"target": "glue_average", "controls": ["alpha"], "by": "family", "filter": "alpha > 0"}
    made = lmgeo.report(table, out=tmp_path / "page.html", **options)
    assert made["rows"] == 20
    page = (tmp_path / "page.html").read_text()
    assert "--controls alpha" in page
    assert "&#39;alpha &gt; 0&#39;" in page
    assert "with alpha held fixed" in page.lower()
    assert "m1" in page
    assert '"m0"' not in page  # filtered out


def test_pictures_beside_the_page(table, tmp_path):
    made = lmgeo.report(
        table, target="glue_average", out=tmp_path / "page.html", charts=tmp_path / "figures", formats=["svg", "png"]
    )
    names = sorted(p.name for p in (tmp_path / "figures").iterdir())
    assert sorted(made["charts"]) == [str(tmp_path / "figures" / name) for name in names]
    assert {"ranking.svg", "ranking.png", "scatter.svg"} <= set(names)
    assert b"final.eee" in (tmp_path / "figures" / "ranking.svg").read_bytes()


def test_pictures_that_cannot_be_made_write_nothing(table, tmp_path):
    (tmp_path / "file").write_text("mine")
    for wrong in ({"charts": tmp_path / "file"}, {"charts": tmp_path / "f", "formats": ["gif"]}):
        with pytest.raises(LmgeoError):
            lmgeo.report(table, target="glue_average", out=tmp_path / "page.html", **wrong)
    assert [p.name for p in tmp_path.iterdir()] == ["file"]
