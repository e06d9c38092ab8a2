"""Names of checkpoints, as public suites and training programs write them."""

from __future__ import annotations

import pytest

from lmgeo.models.step_names import read_step_name


@pytest.mark.parametrize(
    ("name", "run", "step"),
    [
        ("step0", "", 0),
        ("step-1000", "", 1000),
        ("step_143000", "", 143_000),
        ("checkpoint-500", "", 500),
        ("global_step20k", "global", 20_000),
        ("step1000-tokens4B", "", 1000),
        ("stage1-step1000-tokens5B", "stage1", 1000),
        ("stage2-ingredient1-step3000-tokens12.5B", "stage2-ingredient1", 3000),
        ("iter_0000100", "", 100),
        ("seed_0-step_20k", "seed_0", 20_000),
    ],
)
def test_what_a_name_says(name: str, run: str, step: int) -> None:
    assert read_step_name(name) == (run, step)


@pytest.mark.parametrize("name", ["main", "final", "footstep5", "step", "step5x", "v1.0", "epoch-3", "1000", ""])
def test_names_without_a_step(name: str) -> None:
    assert read_step_name(name) is None
