"""Studies with a user's own measures: keys, workers, a file that changed, a run without it."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from lmgeo.api.studies import plan_study
from lmgeo.core.errors import SpecError, UnknownName
from lmgeo.core.plugins import PluginFile, unload_plugins
from lmgeo.core.progress import silent
from lmgeo.store.store import Store
from lmgeo.study.run import run_cell, run_plan

EXAMPLE = Path(__file__).resolve().parents[2] / "examples" / "my_measure.py"


@pytest.fixture(autouse=True)
def _clean() -> Iterator[None]:
    yield
    unload_plugins()


@pytest.fixture
def own(study, write_study) -> Path:
    study["perturb"] = []
    study["measure"] = {"measures": ["eee", "top_share"]}
    del study["evaluate"]
    return write_study(study)


@pytest.fixture
def plugin(tmp_path) -> Path:
    path = tmp_path / "own.py"
    path.write_text(EXAMPLE.read_text())
    return path


def keys(plan, name: str) -> list[str]:
    return [w.key for cell in plan.cells for w in cell.wanted if w.name == name]


def test_the_plan_names_it_and_its_hash_enters_its_own_keys_alone(own, plugin):
    first = plan_study(own, plugins=[plugin])
    assert first.to_json()["plugins"] == [PluginFile.read(plugin).to_json()]
    plugin.write_text(plugin.read_text() + "\n# changed\n")
    second = plan_study(own, plugins=[plugin])
    assert keys(first, "eee") == keys(second, "eee")
    assert keys(first, "top_share") != keys(second, "top_share")


def test_a_study_that_names_its_measure_needs_it(own):
    with pytest.raises(UnknownName, match="top_share"):
        plan_study(own)


def test_a_plugin_that_changed_since_the_plan_is_refused(own, plugin, tmp_path):
    plan = plan_study(own, plugins=[plugin])
    plugin.write_text(plugin.read_text() + "\n# changed\n")
    with pytest.raises(SpecError, match=r"own\.py is not what it was when the study was planned"):
        run_plan(plan, Store(tmp_path / "store", create=True))
    assert not (tmp_path / "store" / "plans").exists()


def test_a_worker_runs_the_bytes_of_the_plan(own, plugin, tmp_path, monkeypatch):
    monkeypatch.setattr("lmgeo.study.run._worker_progress", lambda: silent)
    plan = plan_study(own, plugins=[plugin])
    file = PluginFile.read(plugin)
    plugin.unlink()
    unload_plugins()  # as a worker starts: it knows none, and may not even see the file
    store = Store(tmp_path / "store", create=True)
    cell = plan.cells[0].to_json()
    assert run_cell(cell, store.url, "cpu", [], [file])["status"] == "done"
    record = next(iter(store.documents("records/measure")))
    result = record["results"][keys(plan, "top_share")[0]]
    assert result["measurement"]["value"] > 0
    assert result["identity"]["origin"] == file.origin
    assert record["provenance"]["plugins"] == [file.to_json()]


def test_a_run_with_workers_and_another_without_it(own, plugin, tmp_path):
    def run(*arguments: object) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "lmgeo", "run", own, "--store", tmp_path / "store", *arguments]
        return subprocess.run([str(c) for c in command], capture_output=True, text=True, timeout=300)

    first = run("--plugin", plugin, "--json")
    assert (first.returncode, json.loads(first.stdout)["done"]) == (0, 1), first.stderr
    values = [r["measurement"]["value"] for r in Store(tmp_path / "store").results().values()]
    assert len(values) == 2
    assert all(values)
    assert "nothing to do" in run("--plugin", plugin).stdout
    without = run()
    assert (without.returncode, without.stdout) == (2, "")
    assert "top_share" in without.stderr
