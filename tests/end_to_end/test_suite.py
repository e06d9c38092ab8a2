"""A training suite as a user runs it: every column, diverged runs, ranks against plain SVDs, killed and resumed."""

from __future__ import annotations

import json
import math
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import psutil
import pytest
import yaml
from safetensors.numpy import load_file

BASE = {
    "architecture": "olmo2", "layers": 1, "heads": 2, "corpus": "pydocs", "vocabulary": 384, "max_length": 32,
    "tokens": 4096, "batch_size": 8, "learning_rate": 1e-2, "warmup_fraction": 0, "weight_decay": 0.1,
    "even_checkpoints": 2, "log_checkpoints": True, "keep_checkpoints": True,
}  # fmt: skip
STUDY: dict[str, Any] = {
    "name": "small-suite",
    "threads": 1,
    # beside the base: another decay, a rate that runs away, one that ends in NaN
    "models": [{"suite": {"base": BASE, "each": {"width": [16, 24]},
                          "vary": [{"weight_decay": [0.1, 0.5]}, {"learning_rate_factor": [1000, 1e32]}]}}],
    "trajectory": {"sequences": 12, "loss_tokens": 300},
    "represent": {"corpus": "pydocs", "sequences": 40, "tokens": "last"},
    "measure": {"measures": ["effective_rank", "mean_cosine"], "weights": ["unembedding"]},
    "losses": {"corpora": {"code": "pycode"}, "most_tokens": 400, "gptq": [4, 3], "round": [4, 3],
               "calibration_sequences": 8, "noise": [0.3], "noise_seeds": [0, 1],
               "finetune": {"corpus": "pycode", "steps": 2, "batch_size": 2, "max_length": 32, "seeds": [0, 1]}},
    "analyze": {"target": "score.loss"},
}  # fmt: skip
CHOICES = ("default", "weight_decay=0.5", "learning_rate_factor=1000", "learning_rate_factor=1e+32")
FACTS = {"model", "base", "family", "configuration", "parameters", "body_parameters", "flops", "width",
         "weight_decay", "learning_rate_factor", "diverged", "corpus", "sequences", "tokens", "protocol"}  # fmt: skip
GEOMETRY = {f"{of}.{name}" for of in ("final", "unembedding") for name in ("effective_rank", "mean_cosine")}
LOSSES = {f"score.{name}" for name in (
    "loss", "bpb", "loss.code", "bpb.code", "loss.gptq4", "loss.gptq3", "loss.round4", "loss.round3", "loss.noise0.3",
    "loss.finetuned", "bpb.finetuned", "loss.kept", "forgetting")}  # fmt: skip


def lmgeo(*arguments: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "lmgeo", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, timeout=1200)


@pytest.fixture(scope="module")
def study_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("suite") / "study.yaml"
    path.write_text(yaml.safe_dump(STUDY, sort_keys=False))
    return path


@pytest.fixture(scope="module")
def store(study_file: Path) -> Path:
    """The suite, run without a stop."""
    store = study_file.parent / "store"
    run = lmgeo("run", study_file, "--store", store, "--json", "--workers", "2")
    assert run.returncode == 0, run.stderr
    status = json.loads(run.stdout)
    assert (status["total"], status["done"], status["failures"]) == (8 * 4, 8 * 4, [])
    return store


def table(store: Path, *options: str) -> pd.DataFrame:
    path = store.parent / "table.csv"
    made = lmgeo("table", store, "--csv", path, *options)
    assert made.returncode == 0, made.stderr
    return pd.read_csv(path)


@pytest.fixture(scope="module")
def rows(store: Path) -> pd.DataFrame:
    return table(store)


def test_the_table_has_every_column_and_each_model_once(rows: pd.DataFrame) -> None:
    assert sorted(rows["model"]) == sorted(f"width={w}/{c}" for w in (16, 24) for c in CHOICES)
    assert set(rows.columns) >= FACTS | GEOMETRY | LOSSES | {"score.loss.noise0.3.spread", "score.forgetting.spread"}
    sound = rows[~rows["diverged"]]
    assert sorted(sound["configuration"]) == ["default"] * 2 + ["weight_decay=0.5"] * 2
    assert sound[sorted(GEOMETRY | LOSSES)].notna().all(axis=None)
    # of a byte-level vocabulary, a token is more than a byte: so bits a byte are below nats a token over log 2
    assert (sound["score.bpb"] * math.log(2) < sound["score.loss"]).all()
    assert np.allclose(sound["score.forgetting"], sound["score.loss.kept"] - sound["score.loss"])


def test_runs_that_diverged_are_marked_and_one_without_weights_has_no_values(rows: pd.DataFrame) -> None:
    ends = rows.set_index("configuration")[["diverged", *sorted(GEOMETRY | LOSSES)]]
    assert ends.loc["learning_rate_factor=1000", "diverged"].all()
    assert ends.loc["learning_rate_factor=1e+32", "diverged"].all()
    assert ends.loc["learning_rate_factor=1e+32"].drop(columns="diverged").isna().all(axis=None)


def test_the_analysis_leaves_diverged_runs_out_and_says_so(store: Path) -> None:
    found = lmgeo("analyze", store, "--json")
    assert found.returncode == 0, found.stderr
    facts = json.loads(found.stdout)
    assert {"rows": 4, "reason": "training diverged"} in facts["dropped"]
    assert any("width=16/learning_rate_factor=1000" in note for note in facts["notes"])
    page = lmgeo("report", store, "--out", store.parent / "report.html")
    assert page.returncode == 0, page.stderr


def test_the_rank_of_the_unembedding_is_that_of_a_plain_svd_at_every_checkpoint(store: Path) -> None:
    steps = table(store, "--steps")
    followed = steps[~steps["diverged"]]
    assert followed.groupby("base")["step"].apply(list).tolist() == [[0, 1, 2, 4, 8, 16]] * 4
    records = [json.loads(path.read_text()) for path in (store / "records" / "pretrain").glob("*.json")]
    folders = {r["label"].removeprefix("train "): store / "artefacts" / r["cell"] for r in records}
    for row in followed.to_dict("records"):
        weights = load_file(folders[row["base"]] / f"step-{row['step']}" / "model.safetensors")
        values = np.linalg.svd(weights["lm_head.weight"].astype(np.float64), compute_uv=False)
        share = values / values.sum()
        rank = math.exp(-(share * np.log(share)).sum())
        assert row["unembedding.effective_rank"] == pytest.approx(rank, rel=1e-6)
    assert (
        followed[["final.effective_rank", "final.last.effective_rank", "score.loss", "score.bpb"]]
        .notna()
        .all(axis=None)
    )


def test_a_run_killed_half_way_ends_in_the_same_table_to_the_last_digit(
    store: Path, study_file: Path, rows: pd.DataFrame
) -> None:
    killed = study_file.parent / "killed" / "store"
    command = [sys.executable, "-m", "lmgeo", "run", str(study_file), "--store", str(killed), "--workers", "2"]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        while len(list(killed.glob("records/*/*.json"))) < 12:
            assert process.poll() is None, "the run ended early"
            time.sleep(0.05)
        workers = psutil.Process(process.pid).children(recursive=True)
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
    psutil.wait_procs(workers, timeout=300)  # they end by themselves once their scheduler is gone
    status = lmgeo("status", killed, "--json")
    assert json.loads(status.stdout)["running"] == 0  # the dead run's claims count for nothing
    again = lmgeo("run", study_file, "--store", killed, "--json", "--workers", "1")
    assert again.returncode == 0, again.stderr
    pd.testing.assert_frame_equal(table(killed), rows, check_exact=True)
    pd.testing.assert_frame_equal(table(killed, "--steps"), table(store, "--steps"), check_exact=True)
