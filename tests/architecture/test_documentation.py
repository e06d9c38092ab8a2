"""What the documentation shows in YAML is what the program takes."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterator
from pathlib import Path

import pytest

from lmgeo.core.spec.document import parse_document
from lmgeo.core.spec.study import parse_study
from lmgeo.perturb.declare import PERTURBATIONS

ROOT = Path(__file__).resolve().parents[2]
FENCED = re.compile(r"^```yaml\n(.*?)^```$", re.MULTILINE | re.DOTALL)
INDENTED = re.compile(r"(?:^    .*\n|^\n(?=    ))+", re.MULTILINE)
STUDY = re.compile(r"(name|models): ?\S*\n")


def blocks() -> Iterator[tuple[str, str]]:
    """Each block of a study that is shown, with its page."""
    for page in [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]:
        text = page.read_text(encoding="utf-8")
        shown = [
            *FENCED.findall(text),
            *(textwrap.dedent(found).strip("\n") + "\n" for found in INDENTED.findall(text)),
        ]
        yield from ((page.name, block) for block in shown if STUDY.match(block))


BLOCKS = list(blocks())


@pytest.mark.parametrize(("page", "block"), BLOCKS, ids=[f"{page}-{i}" for i, (page, _) in enumerate(BLOCKS)])
def test_a_study_that_is_shown_is_one(page: str, block: str) -> None:
    text = block if block.startswith("name:") else f"name: shown\n{block}"
    assert parse_study(parse_document(text, page), list(PERTURBATIONS)).models


def test_studies_are_found_on_the_pages_that_show_them() -> None:
    pages = [page for page, _ in BLOCKS]
    assert {page: pages.count(page) for page in ("README.md", "suites.md", "verify.md")} == {
        "README.md": 2, "suites.md": 2, "verify.md": 1,
    }  # fmt: skip
