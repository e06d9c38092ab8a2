"""The registry of tasks, and scores from metrics."""

from __future__ import annotations

import pytest

from lmgeo.core.errors import SpecError, UnknownName
from lmgeo.data.tasks import TASKS, load_task, score, task_identity

GLUE = ["cola", "mnli", "mrpc", "qnli", "qqp", "rte", "sst2", "stsb", "wnli"]
BUILT_IN = ["pydocs-order", "pydocs-overlap", "pydocs-shuffled", "pydocs-topic"]


def test_all_nine_and_the_built_in_ones() -> None:
    assert list(TASKS) == sorted(GLUE + BUILT_IN)


@pytest.mark.parametrize("name", GLUE + BUILT_IN)
def test_declarations_hold_together(name: str) -> None:
    task = TASKS[name]
    assert task.name == name
    assert task.description
    graded = task.labels is None
    assert set(task.metrics) <= ({"pearson", "spearman"} if graded else {"accuracy", "f1", "matthews"})
    assert graded or len(set(task.labels or ())) == len(task.labels or ()) >= 2


@pytest.mark.parametrize(
    ("name", "metrics"),
    [
        ("cola", ("matthews",)),
        ("mrpc", ("accuracy", "f1")),
        ("qqp", ("accuracy", "f1")),
        ("stsb", ("pearson", "spearman")),
    ],
)
def test_the_benchmarks_metrics(name: str, metrics: tuple[str, ...]) -> None:
    assert TASKS[name].metrics == metrics


def test_a_score_is_the_mean_of_the_metrics() -> None:
    assert score(TASKS["mrpc"], {"accuracy": 0.5, "f1": 1.0}) == 0.75
    assert score(TASKS["rte"], {"accuracy": 0.5, "f1": 1.0}) == 0.5
    with pytest.raises(SpecError, match="'f1'"):
        score(TASKS["mrpc"], {"accuracy": 0.5})


@pytest.mark.parametrize("act", [load_task, task_identity])
def test_a_mistyped_name_is_answered_with_the_near_one(act: object) -> None:
    with pytest.raises(UnknownName, match="did you mean 'rte'"):
        act("rtee")  # type: ignore[operator]
