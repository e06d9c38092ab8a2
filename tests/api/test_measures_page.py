"""The page of measures is in step with the declarations, and shows what they hold."""

from __future__ import annotations

from pathlib import Path

import pytest

from lmgeo.api.listing import listing
from lmgeo.api.measures_page import measures_page, range_text, write_page
from lmgeo.cli.main import _run
from lmgeo.measures.declare import COMPARISONS, MEASURES
from lmgeo.measures.families import OTHERS, families, family

ROOT = Path(__file__).resolve().parents[2]


def test_the_page_is_in_step_with_the_declarations() -> None:
    assert (ROOT / "docs" / "measures.md").read_text(encoding="utf-8") == measures_page(), "run `make docs`"


def test_it_shows_every_measure_and_protocol(tmp_path: Path) -> None:
    write_page(tmp_path / "page.md")
    page = (tmp_path / "page.md").read_text(encoding="utf-8")
    for registry in (MEASURES, COMPARISONS):
        for name, declared in registry.items():
            assert f"`{name}`" in page
            assert declared.definition.replace("|", "\\|") in page
            assert f"`{declared.formula}`".replace("|", "\\|") in page
    assert "| `lsq_train_rows` | 65,536 | 65,536 | none | 8,192 |" in page
    rows = [line for line in page.splitlines() if line.startswith("| `")]
    assert {row.replace("\\|", "").count("|") for row in rows} == {6, 10}


@pytest.mark.parametrize("registry", [MEASURES, COMPARISONS])
def test_every_measure_has_a_formula_and_a_family(registry) -> None:
    for name, declared in registry.items():
        assert declared.formula, name
        assert "\n" not in declared.formula
        assert family(declared) in families()
        assert family(declared) != OTHERS


@pytest.mark.parametrize(
    ("bounds", "text"),
    [
        ((0, 1), "0 … 1"),
        ((-8, 0), "−8 … 0"),
        ((None, None), "any"),
        ((0, None), "≥ 0"),
        ((None, 0.25), "≤ 0.25"),
        ((1, "min(n-1, d)"), "1 … min(n−1, d)"),
        ((0, "((r-1)/r)^2"), "0 … ((r−1)/r)²"),
    ],
)
def test_ranges_in_words(bounds, text) -> None:
    assert range_text(bounds) == text


def test_the_listing_reads_well(capsys: pytest.CaptureFixture[str]) -> None:
    assert _run(["list", "measures"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines[1:]] == [entry["name"] for entry in listing("measures")]  # one line each
    line = next(line for line in lines if line.startswith("effective_rank "))
    parts = ["1 … min(n−1, d) dimensions", "duplicate, rotation, scale, shift", MEASURES["effective_rank"].definition]
    places = [line.index(part) for part in (*parts, " · Roy & Vetterli 2007")]
    assert places == sorted(places)
    assert {entry["name"] for entry in listing("comparisons")} == {"cka", "curvature", "diff_erank", "procrustes"}
