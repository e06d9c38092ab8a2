"""The ready studies of suites: what they stand for, and that they are planned without any data or network."""

from __future__ import annotations

from collections import Counter

import pytest

from lmgeo.api.listing import listing
from lmgeo.api.studies import READY, plan_study, ready_studies
from lmgeo.core.spec.document import read_document
from lmgeo.core.spec.sizes import PAPER_SIZES
from lmgeo.core.spec.study import StudySpec, parse_study


def parsed(name: str) -> StudySpec:
    return parse_study(read_document(READY / f"{name}.yaml"), ["noise"])


def design(name: str, models: int) -> list[tuple[str, str, int]]:
    """Size, configuration and seed of each run of a suite of 6 by 18."""
    runs = parsed(name).models[:models]
    assert len({repr(run.source.resolved()) for run in runs}) == models
    assert len({run.name for run in runs}) == models
    return [(run.source.size, run.configuration, run.source.seed) for run in runs]


@pytest.mark.parametrize("name", ["kulkarni2026", "kulkarni2026-desktop"])
def test_six_sizes_by_eighteen(name: str) -> None:
    runs = design(name, 108)
    assert set(Counter(size for size, _, _ in runs).values()) == {18}
    assert len({size for size, _, _ in runs}) == 6
    by_configuration = Counter(configuration for _, configuration, _ in runs)
    assert len(by_configuration) == 15
    assert by_configuration.pop("default") == 6 * 4  # four seeds
    assert set(by_configuration.values()) == {6}
    assert {seed for _, configuration, seed in runs if configuration != "default"} == {0}


def test_the_published_factors_and_levels() -> None:
    spec = parsed("kulkarni2026")
    *runs, tied = spec.models
    assert {run.source.size for run in runs} == set(PAPER_SIZES)
    values = {key: {getattr(run.source, key) for run in runs} for key in (
        "tokens", "batch_size", "weight_decay", "learning_rate_factor", "final_fraction", "tied", "max_length",
        "vocabulary", "architecture", "schedule", "parallel")}  # fmt: skip
    billion = 10**9
    assert values == {
        "tokens": {8 * billion, 16 * billion, 32 * billion, 64 * billion, 128 * billion},
        "batch_size": {32, 64, 128, 256, 512}, "weight_decay": {0.01, 0.1, 0.5}, "learning_rate_factor": {0.1, 1, 10},
        "final_fraction": {0, 0.01, 0.1}, "tied": {False}, "max_length": {1024}, "vocabulary": {50_280},
        "architecture": {"olmo2"}, "schedule": {"cosine"}, "parallel": {None},
    }  # fmt: skip
    with_budget = [run.source for run in runs if run.configuration.startswith("tokens=")]
    assert len({source.planned_steps for source in [*with_budget, runs[0].source]}) == 1  # as many steps
    assert (tied.source.tied, tied.configuration) == (True, "default")
    twin, own = tied.source.resolved(), runs[0].source.resolved()
    assert {key for key in own if own[key] != twin[key]} == {"tied"}


def test_the_smoke_suite_has_every_kind_of_result() -> None:
    plan = plan_study("suite-smoke")
    assert len(plan.rows) == 6
    assert len({row["factors"]["size"] for row in plan.rows}) == 2
    assert len({row["factors"]["configuration"] for row in plan.rows}) == 3
    columns = plan.rows[0]
    assert {name.partition(".")[0] for name in columns["measures"]} == {"final", "unembedding"}
    assert set(columns["scores"]) == {
        "loss", "bpb", "loss.code", "bpb.code", "loss.gptq4", "loss.gptq3", "loss.round4", "loss.round3",
        "loss.noise0.3", "loss.noise1", "loss.finetuned", "bpb.finetuned", "loss.kept", "forgetting",
    }  # fmt: skip
    assert all(row["trajectory"] for row in plan.rows)


def test_the_twins_are_unlike_in_one_choice() -> None:
    runs = [run.source.resolved() for run in parsed("block-twins").models]
    assert len(runs) == 36
    for choice in ("parallel", "tied"):
        without = Counter(repr({key: value for key, value in run.items() if key != choice}) for run in runs)
        assert set(without.values()) == {2}


def test_every_ready_study_is_listed_with_one_line() -> None:
    described = {entry["name"]: entry["description"] for entry in listing("studies")}
    assert list(described) == ready_studies()
    assert {"kulkarni2026", "kulkarni2026-desktop", "suite-smoke", "block-twins"} < set(described)
    assert all(20 < len(text) <= 130 for text in described.values()), described
