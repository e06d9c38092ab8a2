"""The layer profile: every measure a panel, self-contained, safe with any name."""

from __future__ import annotations

import copy
import json
import re
import struct
from typing import Any

import pytest

from lmgeo.core.errors import NotEnoughData
from lmgeo.report.panels import labelled
from lmgeo.report.profile import describe, profile_page, profile_picture, short_site

HOSTILE = "</script><script>window.broken = 1</script>"
SITES = ["embeddings", "block.0", "block.1", "final_prenorm", "final"]
FAMILIES = {"eee": "Spectrum", "rankme": "Spectrum", "twonn": "Neighbours", "mle_id": "Neighbours"}


def measured(value: float | None, **more: Any) -> dict[str, Any]:
    reason = "too few rows; give more" if value is None else None
    spread = None if value is None else 0.1
    return {"value": value, "unit": "1", "spread": spread, "reason": reason, **more}


@pytest.fixture
def document() -> dict[str, Any]:
    objects = {}
    for depth, site in enumerate(SITES):
        nulls = {"gaussian": 0.5, "shuffled": 0.1, "untrained": None if depth == 1 else 0.2}
        measures = {
            "mle_id": measured(None),
            "twonn": measured(None if depth == 2 else 3.0 + depth),
            "eee": measured(0.2 * depth, nulls=nulls),
            "rankme": measured(40.0 - depth),
        }
        objects[site] = {"n": 1234, "d": 8, "centred": True, "measures": measures}
    sampling = {"corpus": "pydocs", "sequences": 100, "tokens": "all"}
    protocol = {"name": "default"}
    return {"source": "tiny", "model": {}, "objects": objects, "sampling": sampling, "protocol": protocol}


def data_of(page: str) -> dict[str, Any]:
    return json.loads(re.findall(r'id="data">(.*?)</script>', page)[0])


def own_part(page: str) -> str:
    return page[: page.rindex("</article>")]


def test_a_panel_for_each_measure_with_a_value(document: dict[str, Any]) -> None:
    page = profile_page(document, FAMILIES)
    assert page == profile_page(copy.deepcopy(document), FAMILIES)
    spectrum, neighbours = data_of(page)["specs"]
    assert spectrum["facet"]["sort"] == ["eee", "rankme"]
    assert neighbours["facet"]["sort"] == ["twonn"]
    points = [p for p in spectrum["data"]["values"] if p["measure"] == "eee" and p["kind"] == "model"]
    assert [p["site"] for p in points] == SITES
    assert [p["value"] for p in points] == [0, 0.2, 0.4, 0.6, 0.8]
    assert (points[1]["low"], points[1]["high"]) == (0.1, 0.3)
    assert [p["value"] for p in neighbours["data"]["values"]][2] is None
    untrained = [p for p in spectrum["data"]["values"] if p["kind"] == "untrained"]
    assert [p["site"] for p in untrained] == [site for site in SITES if site != "block.0"]
    for words in ("mle_id", "too few rows", "100 sequences of pydocs", "1,234 rows a site", "null references"):
        assert words in own_part(page)
    assert len(page.encode()) < 1_300_000


def test_nothing_is_fetched_and_names_are_escaped(document: dict[str, Any]) -> None:
    document["source"] = HOSTILE
    document["objects"]["block.0"]["measures"][HOSTILE] = measured(1.0)
    document["objects"]["block.1"]["measures"]["<img src=x>"] = measured(None)
    page = own_part(profile_page(document, {**FAMILIES, HOSTILE: HOSTILE, "<img src=x>": "Others"}))
    assert "default-src 'none'" in page
    assert not re.search(r"(src|href)=[\"']?(https?:)?//", page)
    assert "<script>window" not in page
    assert "<img" not in page


def test_the_picture_is_a_png_that_grows_with_the_measures(document: dict[str, Any]) -> None:
    picture = profile_picture(document, FAMILIES, scale=1.0)
    assert picture[:8] == b"\x89PNG\r\n\x1a\n"
    width, height = struct.unpack(">II", picture[16:24])
    del document["objects"]["final"]["measures"]["twonn"]
    for found in document["objects"].values():
        found["measures"].pop("twonn", None)
    smaller = struct.unpack(">II", profile_picture(document, FAMILIES, scale=1.0)[16:24])
    assert 300 < width < 1500
    assert smaller[1] < height < 800


def test_without_nulls_there_is_no_key(document: dict[str, Any]) -> None:
    for found in document["objects"].values():
        del found["measures"]["eee"]["nulls"]
    page = own_part(profile_page(document, FAMILIES))
    assert 'id="key"' not in page
    assert "null references" not in page
    assert profile_picture(document, FAMILIES, scale=0.5)


def test_no_value_at_all(document: dict[str, Any]) -> None:
    for found in document["objects"].values():
        found["measures"] = {"mle_id": measured(None)}
    with pytest.raises(NotEnoughData, match="no measure of tiny"):
        profile_page(document, {"mle_id": "Neighbours"})


def test_names_under_a_panel() -> None:
    assert [short_site(site) for site in SITES] == ["emb", "0", "1", "pre", "final"]
    many = ["emb", *map(str, range(24)), "pre", "final"]
    shown = labelled(many)
    assert (shown[0], shown[-1], len(shown)) == ("emb", "final", 7)
    assert labelled(many[:6]) == many[:6]


def test_what_was_measured_in_words(document: dict[str, Any]) -> None:
    document["objects"]["final"]["n"] = 5
    assert describe(document)[-1] == "5 or 1,234 rows a site; protocol default"


@pytest.mark.parametrize("width", [390, 1400])
def test_a_browser_draws_it_without_network_or_error(document: dict[str, Any], open_page: Any, width: int) -> None:
    document["source"] = HOSTILE
    viewport = {"width": width, "height": 800}
    shown = open_page(profile_page(document, FAMILIES), '[data-chart="1"] svg', viewport=viewport)
    shown.page.wait_for_selector('[data-chart="0"] svg')
    drawn = shown.page.text_content('[data-chart="0"]')
    assert (shown.said, shown.outside) == ([], [])
    assert shown.page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0
    assert shown.page.evaluate("window.broken") is None
    assert "eee" in drawn
    assert "rankme" in drawn
