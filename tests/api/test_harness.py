from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import lmgeo
from lmgeo.api.harness import answers_file
from lmgeo.train.grading import TaskScore
from tests.train.decoders import decoder


@pytest.fixture
def model(tmp_path: Path) -> str:
    decoder().save(tmp_path / "model")
    return str(tmp_path / "model")


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """The harness replaced: every task scores 0.5."""
    calls: list[Any] = []

    def harness_scores(handle: Any, tasks: list[str], **given: Any) -> list[TaskScore]:
        calls.append((tasks, given["seed"], given["cache"]))
        return [TaskScore(f"lm-eval:{t}", 0.5, {"acc": 0.5}, 0, 9, given["seed"], None, None) for t in tasks]

    monkeypatch.setattr("lmgeo.train.harness.harness_scores", harness_scores)
    monkeypatch.setattr("lmgeo.train.harness.harness_version", lambda: "9.9")
    return calls


def test_its_tasks_stand_beside_our_own(
    asked: list[Any], model: str, task_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    tasks = ["lm-eval:arc_easy", "rte", "lm-eval:arc_easy", "lm-eval:piqa"]
    found = lmgeo.evaluate(model, tasks, data=str(task_folder), seed=2, settings={"epochs": 1})
    assert list(found["tasks"]) == ["lm-eval:arc_easy", "lm-eval:piqa", "rte"]
    assert found["tasks"]["lm-eval:piqa"]["interval"] is None
    assert found["average"] == pytest.approx((0.5 + 0.5 + found["tasks"]["rte"]["score"]) / 3)
    ((names, seed, cache),) = asked
    assert (names, seed) == (["arc_easy", "piqa"], 2)
    assert cache.parent == tmp_path / "cache" / "lmgeo" / "lm-eval"


def test_answers_are_kept_by_what_a_model_is(asked: list[Any], model: str, tmp_path: Path) -> None:
    decoder().save(tmp_path / "copy")
    decoder(seed=1).save(tmp_path / "other")
    assert answers_file(str(tmp_path / "copy")) == answers_file(model)
    assert answers_file(str(tmp_path / "other")) != answers_file(model)


def test_another_version_of_the_harness_has_answers_of_its_own(
    asked: list[Any], model: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = answers_file(model)
    monkeypatch.setattr("lmgeo.train.harness.harness_version", lambda: "10.0")
    assert answers_file(model) != before
