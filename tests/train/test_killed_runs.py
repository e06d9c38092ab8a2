"""Runs whose process is killed for good, at any moment, and what the next one makes of them."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from safetensors.torch import load_file

from lmgeo.train.partial import partial_folder

# a run that is a look at every checkpoint and tells each step; killed by its test between, or within, any two of them
RUN = """
import json, sys
from pathlib import Path
import torch
from lmgeo.core.spec.pretrain import PretrainSpec
from lmgeo.train.pretrain import pretrain
from lmgeo.train.training_text import training_text
torch.set_num_threads(1)
spec, out = PretrainSpec(**json.loads(sys.argv[1])), Path(sys.argv[2])
def look(step, handle):
    return {"sum": float(sum(p.detach().double().sum() for p in handle.module.parameters()))}
def tell(step, loss):
    print(step, flush=True)
pretrain(spec, training_text(spec), out, on_step=tell, on_checkpoint=look, looks_key="sum")
"""
SMALL: dict[str, Any] = {
    "width": 16,
    "layers": 1,
    "heads": 2,
    "vocabulary": 300,
    "max_length": 16,
    "steps": 40,
    "batch_size": 6,
    "micro_batch": 4,
    "dropout": 0.1,
    "log_checkpoints": True,
    "even_checkpoints": 8,
    "keep_checkpoints": True,
}


def run(settings: dict[str, Any], out: Path, kill_at: int | None = None) -> list[int]:
    """The steps that a process of its own took; it is killed, where that is asked for, after having told of one."""
    command = [sys.executable, "-W", "ignore", "-c", RUN, json.dumps(settings), str(out)]
    steps: list[int] = []
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=dict(os.environ)) as process:
        assert process.stdout is not None
        for line in process.stdout:
            steps.append(int(line))
            if len(steps) == kill_at:
                process.send_signal(signal.SIGKILL)
        process.wait()
    assert process.returncode == (0 if kill_at is None else -signal.SIGKILL)
    return steps


@pytest.mark.parametrize("architecture", ["gpt_neox", "modernbert"])
def test_a_run_killed_thrice_is_the_run_that_was_not(architecture: str, tmp_path: Path, text_file: Path) -> None:
    settings = {**SMALL, "architecture": architecture, "corpus": f"text:{text_file}", "learning_rate": 0.01}
    assert run(settings, tmp_path / "whole") == list(range(1, 41))
    # the same run in other words, as whoever goes on with it may write it
    elsewhere = f"text:{text_file.parent}/./{text_file.name}"
    other = {**settings, "corpus": elsewhere, "learning_rate": 0.1, "learning_rate_factor": 0.1}
    random = np.random.default_rng()  # any moment at all: what fails once is worth its failure
    begun: list[int] = []
    for words in (settings, other, other):
        taken = run(words, tmp_path / "cut", kill_at=int(random.integers(2, 12)))
        begun.append(taken[0])
        assert partial_folder(tmp_path / "cut").is_dir()
        assert not (tmp_path / "cut").exists()
    begun.append(run(settings, tmp_path / "cut")[0])
    assert begun == sorted(begun)
    assert begun[-1] > 1
    whole, cut = (json.loads((tmp_path / name / "training.json").read_text()) for name in ("whole", "cut"))
    assert {k: v for k, v in whole.items() if k != "seconds"} == {k: v for k, v in cut.items() if k != "seconds"}
    steps = [look["step"] for look in whole["looks"]]
    assert steps == sorted(set(steps)) == [0, 1, 2, 4, 5, 8, 10, 15, 16, 20, 25, 30, 32, 35, 40]
    for folder in (".", *(f"step-{step}" for step in steps)):
        one, two = (load_file(tmp_path / name / folder / "model.safetensors") for name in ("whole", "cut"))
        assert one.keys() == two.keys()
        assert all((one[name] == two[name]).all() for name in one)
    assert sorted(p.name for p in tmp_path.iterdir() if not p.name.startswith(".cut.")) == ["cut", "whole"]
    assert not partial_folder(tmp_path / "cut").exists()
