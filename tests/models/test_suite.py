"""Suites in folders and on a hub without network; what is downloaded is gone afterwards."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from lmgeo.core.errors import SpecError
from lmgeo.models.suite import HubRevision, chosen_steps, fetched, open_suite
from tests.hub import FakeHub


def folders(root: Path, *names: str) -> Path:
    for name in names:
        (root / name).mkdir(parents=True)
    return root


@pytest.fixture
def hub(saved: Path, monkeypatch: pytest.MonkeyPatch) -> FakeHub:
    """`me/suite` with three steps and a main branch."""
    made = FakeHub("me/suite", dict.fromkeys(("main", "step1000", "step0", "step200-tokens1B"), saved))
    made.install(monkeypatch)
    return made


def test_steps_of_a_folder_in_order_and_what_was_not_understood(tmp_path: Path) -> None:
    suite = open_suite(str(folders(tmp_path, "step-1000", "step-20", "step0", "logs", ".cache")))
    assert [step.step for step in suite.steps] == [0, 20, 1000]
    assert suite.steps[1].place == tmp_path / "step-20"
    assert suite.not_understood == ["logs"]


def test_a_folder_of_runs(tmp_path: Path) -> None:
    folders(tmp_path, "a/step-1", "a/step-2", "b/checkpoint-2", "notes")
    suite = open_suite(str(tmp_path))
    assert {run: [s.label for s in steps] for run, steps in suite.runs().items()} == {
        "a": ["a/step-1", "a/step-2"],
        "b": ["b/checkpoint-2"],
    }
    assert suite.not_understood == ["notes"]


def test_what_has_no_steps_is_refused_with_what_it_holds(tmp_path: Path) -> None:
    with pytest.raises(SpecError, match="has no steps: it holds final") as error:
        open_suite(str(folders(tmp_path, "final")))
    assert "step-1000" in error.value.mend
    with pytest.raises(SpecError, match="is not there"):
        open_suite(str(tmp_path / "none"))


def test_some_steps(tmp_path: Path) -> None:
    suite = open_suite(str(folders(tmp_path, *(f"step{n}" for n in (0, 1, 50, 100, 150)))))
    assert [s.step for s in chosen_steps(suite, only=[1, 100])] == [1, 100]
    assert [s.step for s in chosen_steps(suite, every=100)] == [0, 100]
    with pytest.raises(SpecError, match="no step 99") as error:
        chosen_steps(suite, only=[99])
    assert "100, 50" in error.value.mend


def test_revisions_of_the_hub_by_commit(hub: FakeHub) -> None:
    suite = open_suite("hf:me/suite")
    assert [(s.step, s.label) for s in suite.steps] == [(0, "step0"), (200, "step200-tokens1B"), (1000, "step1000")]
    assert suite.steps[2].place == HubRevision("me/suite", hub.commit("step1000"))
    assert suite.not_understood == ["main"]
    assert hub.downloads == []


def test_a_step_is_on_disk_only_inside_the_block(hub: FakeHub) -> None:
    step = open_suite("hf:me/suite").steps[0]
    with fetched(step) as path:
        assert {f.name for f in path.iterdir() if f.is_file()} >= {"config.json", "model.safetensors"}
    assert not path.exists()
    with pytest.raises(ZeroDivisionError), fetched(step) as path:
        raise ZeroDivisionError
    assert not path.exists()
    with fetched(step, files=["config.json"]) as path:
        assert [f.name for f in path.iterdir()] == ["config.json"]


def test_a_broken_download_leaves_nothing(hub: FakeHub) -> None:
    hub.broken = True
    with pytest.raises(SpecError, match="the line went dead"), fetched(open_suite("hf:me/suite").steps[0]):
        pass
    assert len(hub.folders) == 1
    assert not hub.folders[0].exists()


def test_the_budget_is_kept_before_anything_is_downloaded(hub: FakeHub) -> None:
    step = open_suite("hf:me/suite").steps[0]
    with (
        pytest.raises(SpecError, match=r"hf:me/suite@step0 takes .* GB, and the budget is 1e-06 GB"),
        fetched(step, 1000),
    ):
        pass
    assert hub.downloads == []


def test_a_full_disk_is_said_before_anything_is_downloaded(hub: FakeHub, monkeypatch: pytest.MonkeyPatch) -> None:
    step = open_suite("hf:me/suite").steps[0]
    monkeypatch.setattr(shutil, "disk_usage", lambda path: shutil._ntuple_diskusage(10, 9, 1))  # type: ignore[attr-defined]
    with pytest.raises(SpecError, match="GB free"), fetched(step):
        pass
    assert hub.downloads == []


def test_offline_nothing_is_asked_of_the_network(hub: FakeHub, monkeypatch: pytest.MonkeyPatch) -> None:
    step = open_suite("hf:me/suite").steps[0]
    monkeypatch.setenv("LMGEO_OFFLINE", "1")
    with pytest.raises(SpecError, match="network is not allowed"):
        open_suite("hf:me/suite")
    with pytest.raises(SpecError, match="network is not allowed"), fetched(step):
        pass
    assert hub.downloads == []


def test_one_revision_is_no_suite_and_an_unknown_id_is_named(hub: FakeHub) -> None:
    with pytest.raises(SpecError, match="names one revision"):
        open_suite("hf:me/suite@step0")
    with pytest.raises(SpecError, match="hf:me/other cannot be had: 404"):
        open_suite("hf:me/other")
