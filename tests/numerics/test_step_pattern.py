"""Missing steps, beside every list with one step taken out of it."""

from __future__ import annotations

import pytest

from lmgeo.numerics.step_pattern import missing_steps

EVEN = list(range(0, 1100, 100))
PYTHIA = [0, *(1 << k for k in range(10)), *range(1000, 144_000, 1000)]
TWICE = [*range(0, 1000, 100), *range(1000, 11_000, 1000)]
SOUND = {
    "even": EVEN,
    "pythia": PYTHIA,
    "two spacings": TWICE,
    "powers": [1 << k for k in range(12)],
    "rounded logarithms": [0, 1, 2, 3, 5, 8, 13, 22, 36, 60, 100, 200, 300, 400],
    "late and dense": [0, 2000, 2100, 2200, 2300],
    "an odd last": [0, 100, 200, 300, 400, 437],
    "two": [0, 5],
    "no pattern": [3, 4, 9, 11, 30, 31, 77, 80],
}


@pytest.mark.parametrize("name", SOUND)
def test_nothing_is_missing_of_a_whole_list(name: str) -> None:
    assert missing_steps(SOUND[name]) == []
    assert missing_steps(SOUND[name][::-1]) == []


@pytest.mark.parametrize("steps", [EVEN, PYTHIA], ids=["even", "pythia"])
def test_every_inner_step_is_missed(steps: list[int]) -> None:
    # 0 and the last cannot be known; nor can the ends of the powers, before the even steps
    for gone in [s for s in steps[1:-1] if s not in (1, 512)]:
        assert missing_steps([s for s in steps if s != gone]) == [gone]


def test_several_are_missed_and_a_hole_longer_than_the_pattern_is_not() -> None:
    assert missing_steps([s for s in EVEN if s not in (300, 400, 800)]) == [300, 400, 800]
    assert missing_steps([0, 1, 2, 3, 1000]) == []


def test_a_change_of_spacing_is_no_hole_and_a_hole_on_either_side_is_one() -> None:
    assert missing_steps([s for s in TWICE if s != 500]) == [500]
    assert missing_steps([s for s in TWICE if s != 6000]) == [6000]
