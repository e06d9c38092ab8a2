"""A whole study as a user runs it: fresh, finished, killed, extended, failing."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path


def lmgeo(*arguments: object, **options: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "lmgeo", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, timeout=300, **options)


def records(store: Path) -> dict[str, int]:
    return {str(p): p.stat().st_mtime_ns for p in (store / "records").rglob("*.json")}


def test_run_table_analyze_report(study, write_study, tmp_path):
    store = tmp_path / "store"
    first = lmgeo("run", write_study(study), "--store", store, "--json")
    assert first.returncode == 0, first.stderr
    status = json.loads(first.stdout)
    assert (status["total"], status["done"], status["failures"]) == (9, 9, [])

    before = records(store)
    again = lmgeo("run", write_study(study), "--store", store)
    assert again.returncode == 0
    assert "nothing to do: 9 of 9 cells done" in again.stdout
    assert records(store) == before

    table = lmgeo("table", store, "--csv", tmp_path / "table.csv", "--json")
    assert json.loads(table.stdout) == {"path": str(tmp_path / "table.csv"), "rows": 3}
    assert (tmp_path / "table.csv").read_text().startswith("model,base,")

    analysis = lmgeo("analyze", store, "--json")
    assert analysis.returncode == 0, analysis.stderr
    found = json.loads(analysis.stdout)
    assert found["target"] == "score.average"
    assert found["n"] == 3
    assert {c["measure"] for c in found["correlations"]} == {"final.eee", "final.lsq_patchiness", "unembedding.eee"}

    page = lmgeo("report", store, "--out", tmp_path / "report.html", "--json")
    assert page.returncode == 0, page.stderr
    html = (tmp_path / "report.html").read_text()
    assert "tiny|noise(alpha=20,seed=1)" in html

    # one more alpha runs only its own cells
    more = {**study, "perturb": [{"noise": {"alpha": [0, 20, 35, 50], "seed": [1]}}]}
    extended = lmgeo("run", write_study(more), "--store", store, "--json")
    assert json.loads(extended.stdout)["done"] == 12
    after = records(store)
    assert {name: after[name] for name in before} == before
    assert len(after) == len(before) + 3


def test_a_killed_run_resumes_without_repeating(study, write_study, tmp_path):
    store = tmp_path / "store"
    study["perturb"] = [{"noise": {"alpha": [10, 20, 30, 40, 50, 60], "seed": [1, 2]}}]
    command = [sys.executable, "-m", "lmgeo", "run", str(write_study(study)), "--store", str(store), "--workers", "1"]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        _wait_until(lambda: len(records(store)) >= 3, process)
        workers = _children(process.pid)
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
    assert workers
    _wait_until(lambda: not any(_is_alive(pid) for pid in workers))
    before = records(store)
    assert 3 <= len(before) < 39
    status = lmgeo("status", store, "--json")
    assert json.loads(status.stdout)["running"] == 0  # the dead run's claims count for nothing
    resumed = lmgeo("run", write_study(study), "--store", store, "--json")
    assert resumed.returncode == 0, resumed.stderr
    assert json.loads(resumed.stdout)["done"] == 39
    after = records(store)
    assert {name: after[name] for name in before} == before
    assert len(after) == 39


def test_a_failed_cell_ends_with_exit_1_and_the_rest_done(study, write_study, tmp_path, checkpoint):
    # a limit no training keeps fails that model; what hangs on it fails with it, the rest is done
    text = study["represent"]["corpus"]
    slow = {"width": 16, "layers": 1, "steps": 20, "vocabulary": 300, "corpus": text, "minutes": 1e-6}
    study["models"].append({"pretrain": slow, "name": "slow"})
    study["perturb"] = []
    store = tmp_path / "store"
    run = lmgeo("run", write_study(study), "--store", store, "--json")
    assert run.returncode == 1, run.stderr
    status = json.loads(run.stdout)
    assert (status["done"], status["failed"]) == (3, 4)
    assert any("raise minutes" in f["mend"] for f in status["failures"])
    table = lmgeo("table", store, "--json")
    rows = {row["model"]: row for row in json.loads(table.stdout)}
    assert rows["tiny"]["score.average"] is not None
    assert rows["slow"]["score.average"] is None


def test_bad_studies_write_nothing(study, write_study, tmp_path):
    study["perturb"][0]["noise"]["alhpa"] = 3
    run = lmgeo("run", write_study(study), "--store", tmp_path / "store")
    assert (run.returncode, run.stdout) == (2, "")
    assert "study.yaml:" in run.stderr
    assert "did you mean 'alpha'" in run.stderr
    assert not (tmp_path / "store").exists()


def _wait_until(condition, process=None, seconds: float = 120) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "waited in vain"
        assert process is None or process.poll() is None, "the run ended early"
        time.sleep(0.05)


def _children(pid: int) -> list[int]:
    import psutil

    return [child.pid for child in psutil.Process(pid).children(recursive=True)]


def _is_alive(pid: int) -> bool:
    import psutil

    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False
