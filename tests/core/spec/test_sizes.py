"""Sizes by name: what a built model counts, the label, and the table of the documentation agree."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from lmgeo.core.spec.pretrain import PretrainSpec
from lmgeo.core.spec.sizes import DESKTOP_SIZES, DESKTOP_VOCABULARY, PAPER_SIZES, PAPER_VOCABULARY, SIZES
from lmgeo.models.build import run_facts

DOCUMENTATION = Path(__file__).resolve().parents[3] / "docs" / "training.md"


def counted(name: str, tied: bool = False) -> tuple[int, int]:
    """Parameters without embeddings, and all of them, of the size's olmo2."""
    vocabulary = PAPER_VOCABULARY if name in PAPER_SIZES else DESKTOP_VOCABULARY
    facts = run_facts(PretrainSpec(architecture="olmo2", size=name, vocabulary=vocabulary, tied=tied))
    return facts["body_parameters"], facts["parameters"]


@pytest.mark.parametrize("name", SIZES)
def test_a_label_is_within_fifteen_percent(name: str) -> None:
    body, tied = counted(name, tied=True)
    both = counted(name)[1]
    label = float(name.removesuffix("M")) * 1e6
    assert (tied if name in PAPER_SIZES else both) == pytest.approx(label, rel=0.15)
    assert body == pytest.approx(SIZES[name].blocks, rel=0.03)  # 12·L·d² and norms


def test_the_documentation_has_the_counts() -> None:
    rows = re.findall(r"^\| (\S+M) \| (.+) \|$", DOCUMENTATION.read_text(), re.MULTILINE)
    told = {name: [int(cell.replace(",", "")) for cell in cells.split(" | ")] for name, cells in rows}
    expected = {}
    for name, size in SIZES.items():
        body, both = counted(name)
        expected[name] = [size.width, size.layers, size.heads, body, counted(name, tied=True)[1], both]
    assert told == expected
    assert list(told) == [*DESKTOP_SIZES, *PAPER_SIZES]
