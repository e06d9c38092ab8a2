"""A study over the steps of a suite: one row a step; of the hub one revision on disk at a time."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from lmgeo.api.studies import plan_study
from lmgeo.core.errors import SpecError, UnknownName
from lmgeo.core.safetensors import read_header, to_bytes
from lmgeo.store.store import Store
from lmgeo.store.table import wide_table
from lmgeo.study import checkpoints
from lmgeo.study.execute import execute
from lmgeo.study.run import missing_cells
from tests.hub import FakeHub

STEPS = [0, 100, 200, 300]


@pytest.fixture
def suite(checkpoint: Path, tmp_path: Path) -> Path:
    """Four steps: one checkpoint with each matrix a little larger in turn."""
    root = tmp_path / "suite"
    for step in STEPS:
        folder = Path(shutil.copytree(checkpoint, root / f"step-{step}"))
        tensors, notes = read_header(folder / "model.safetensors")
        grown = {name: (t.read() * (1 + step / 1000)).astype("float32") for name, t in tensors.items()}
        (folder / "model.safetensors").write_bytes(to_bytes(grown, notes))
    return root


@pytest.fixture
def of_steps(study: dict, suite: Path) -> dict:
    del study["evaluate"], study["perturb"]
    study["measure"] = {"protocol": "quickstart", "measures": ["vrm", "stable_rank"], "weights": ["unembedding"]}
    return {**study, "models": [{"steps": str(suite), "name": "mine"}]}


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "store", create=True)


def run_here(plan, store: Store) -> list[dict]:
    store.write(f"plans/{plan.name}.json", plan.to_json())
    return [execute(cell, store.url) for cell in missing_cells(plan, store)]


def test_one_row_a_step(of_steps, write_study, store) -> None:
    plan = plan_study(write_study(of_steps))
    assert {o["status"] for o in run_here(plan, store)} == {"done"}
    table = wide_table(store)
    assert table["model"].tolist() == [f"mine@step-{step}" for step in STEPS]
    assert table["step"].tolist() == STEPS
    assert set(table["run"]) == {"mine"}
    assert table["final.vrm"].notna().all()
    assert table["unembedding.stable_rank"].notna().all()


def test_a_step_of_its_own_is_the_same_model(of_steps, write_study, suite) -> None:
    def keys(study) -> set[str]:
        return {w.key for cell in plan_study(write_study(study)).cells for w in cell.wanted}

    alone = {**of_steps, "models": [{"path": str(suite / "step-100")}]}
    assert keys(alone) < keys(of_steps)


@pytest.mark.parametrize(
    ("chosen", "steps"), [({"only": [0, 300]}, [0, 300]), ({"every": 200}, [0, 200]), ({"only": [100]}, [100])]
)
def test_some_steps(chosen, steps, of_steps, write_study) -> None:
    of_steps["models"][0].update(chosen)
    assert [row["factors"]["step"] for row in plan_study(write_study(of_steps)).rows] == steps


def test_untrained_twins_have_names_of_their_own(of_steps, write_study) -> None:
    of_steps["models"][0].update(only=[0, 100], untrained=[None, 1])
    names = [row["model"] for row in plan_study(write_study(of_steps)).rows]
    assert names == [f"mine@step-{s}{twin}" for twin in ("", "-untrained1") for s in (0, 100)]


@pytest.mark.parametrize(
    ("wrong", "error", "words"),
    [
        ({"only": [150]}, SpecError, "no step 150"),
        ({"evry": 2}, SpecError, "unknown key 'evry'"),
        ({"every": 0}, SpecError, "every is 0"),
        ({"budget_gb": 0}, SpecError, "budget_gb is 0"),
        ({"path": "x"}, SpecError, "holds steps and path"),
    ],
)
def test_what_cannot_be(wrong, error, words, of_steps, write_study) -> None:
    of_steps["models"][0].update(wrong)
    with pytest.raises(error, match=words):
        plan_study(write_study(of_steps))


@pytest.fixture
def hub(suite: Path, monkeypatch: pytest.MonkeyPatch):
    made = FakeHub("me/suite", {f"step{step}": suite / f"step-{step}" for step in STEPS})
    made.install(monkeypatch)
    yield made
    checkpoints._HELD.release()


def test_a_step_of_the_hub_is_downloaded_once_and_deleted(of_steps, write_study, store, hub) -> None:
    here = plan_study(write_study(of_steps))
    run_here(here, store)
    expected = wide_table(store)
    plan = plan_study(write_study({**of_steps, "name": "far", "models": [{"steps": "hf:me/suite"}]}))
    assert hub.downloads == [hub.commit("step0")]  # its configuration, to plan by
    assert not {w.key for c in plan.cells for w in c.wanted} & {w.key for c in here.cells for w in c.wanted}
    hub.downloads.clear()
    store = Store(store.url + "-far", create=True)
    cells = missing_cells(plan, store)
    assert len(cells) == 8
    store.write(f"plans/{plan.name}.json", plan.to_json())
    for i, cell in enumerate(cells):
        assert execute(cell, store.url)["status"] == "done"
        assert len(hub.downloads) == i // 2 + 1  # both cells of a step by one download
        assert sum(folder.exists() for folder in hub.folders) == 1
    assert hub.downloads == [hub.commit(f"step{step}") for step in STEPS]
    table = wide_table(store)
    assert table["model"].tolist() == [f"hf:me/suite@step{step}" for step in STEPS]
    for column in ("step", "final.vrm", "unembedding.stable_rank"):
        assert table[column].tolist() == expected[column].tolist()
    checkpoints._HELD.release()
    assert not any(folder.exists() for folder in hub.folders)


def test_another_model_takes_the_place_of_a_download(of_steps, write_study, store, hub, suite) -> None:
    models = [{"steps": "hf:me/suite", "only": [0]}, {"path": str(suite / "step-100")}]
    run_here(plan_study(write_study({**of_steps, "models": models})), store)
    assert not any(folder.exists() for folder in hub.folders)


def test_a_step_over_its_budget_fails_with_the_mend(of_steps, write_study, store, hub) -> None:
    of_steps["models"] = [{"steps": "hf:me/suite", "only": [100], "budget_gb": 1e-5}]
    outcomes = run_here(plan_study(write_study(of_steps)), store)
    assert {o["status"] for o in outcomes} == {"failed"}
    failed = store.read(f"failures/{outcomes[0]['key']}.json")
    assert "and the budget is 1e-05 GB" in failed["error"]
    assert "budget_gb" in failed["mend"]


def test_globs_over_matrices_need_the_files(of_steps, write_study, hub) -> None:
    of_steps["models"] = [{"steps": "hf:me/suite"}]
    of_steps["measure"]["weights"] = ["*attn*"]
    with pytest.raises((SpecError, UnknownName), match="not known before it is downloaded"):
        plan_study(write_study(of_steps))


def test_the_command_gives_the_table(of_steps, write_study, tmp_path) -> None:
    def lmgeo(*arguments: object) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "lmgeo", *map(str, arguments)]
        return subprocess.run(command, capture_output=True, text=True, timeout=300, check=True)

    lmgeo("run", write_study(of_steps), "--store", tmp_path / "store", "--workers", 1)
    rows = json.loads(lmgeo("table", tmp_path / "store", "--json").stdout)
    assert [row["step"] for row in rows] == STEPS
    assert all(row["final.vrm"] is not None for row in rows)
