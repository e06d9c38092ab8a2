"""Several processes that share a run's batches give what one gives, and one of them writes."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import torch
import yaml
from safetensors.torch import load_file

from lmgeo.train.partial import partial_folder
from lmgeo.train.team import Team

SMALL: dict[str, Any] = {
    "width": 16,
    "layers": 1,
    "heads": 2,
    "vocabulary": 300,
    "max_length": 16,
    "steps": 8,
    "batch_size": 5,
    "even_checkpoints": 2,
}


def environment() -> dict[str, str]:
    return {**os.environ, "OMP_NUM_THREADS": "1", "CUDA_VISIBLE_DEVICES": ""}


def launch(spec: Path, out: Path, *launcher: str) -> subprocess.CompletedProcess[str]:
    command = [
        sys.executable,
        "-W",
        "ignore",
        *launcher,
        "-m",
        "lmgeo",
        "pretrain",
        str(spec),
        "--out",
        str(out),
        "--json",
    ]
    return subprocess.run(command, capture_output=True, text=True, env=environment(), timeout=300)


TWO = ("-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2")


@pytest.mark.parametrize(
    "changes",
    [
        {"architecture": "olmo2"},
        {"architecture": "gpt_neox", "micro_batch": 2, "batch_size": 5},  # two passes of one process, one of the other
        {"architecture": "modernbert", "micro_batch": 1},
        {"architecture": "olmo2", "batch_size": 1},  # nothing for one of them
    ],
    ids=["causal", "uneven-passes", "masked", "nothing-to-do"],
)
def test_two_are_as_one(changes: dict[str, Any], tmp_path: Path, text_file: Path) -> None:
    spec = tmp_path / "spec.yaml"
    spec.write_text(yaml.safe_dump({**SMALL, "corpus": f"text:{text_file}", **changes}))
    alone, together = launch(spec, tmp_path / "one"), launch(spec, tmp_path / "two", *TWO)
    assert (alone.returncode, together.returncode) == (0, 0), together.stderr
    told = json.loads(together.stdout)  # one document, by the first process alone
    assert told == {"path": str(tmp_path / "two"), "key": json.loads(alone.stdout)["key"]}
    one, two = (load_file(tmp_path / name / "model.safetensors") for name in ("one", "two"))
    assert one.keys() == two.keys()
    assert all(torch.allclose(one[name], two[name], rtol=0, atol=1e-5) for name in one)
    records = [json.loads((tmp_path / name / "training.json").read_text()) for name in ("one", "two")]
    assert [record["processes"] for record in records] == [1, 2]
    for ours, theirs in zip(records[0]["losses"], records[1]["losses"], strict=True):
        assert ours == pytest.approx(theirs, abs=1e-5)
    assert [look["step"] for look in records[1]["looks"]] == [0, 4, 8]
    assert sorted(p.name for p in tmp_path.iterdir()) == ["one", "spec.yaml", "two"]


KILLED = """
import json, os, sys
from pathlib import Path
from lmgeo.core.spec.pretrain import PretrainSpec
from lmgeo.train.pretrain import pretrain
from lmgeo.train.training_text import training_text
spec = PretrainSpec(**json.loads(sys.argv[1]))
def die(step, loss):
    if step == 6 and os.environ["RANK"] == sys.argv[3]:
        os.kill(os.getpid(), 9)
pretrain(spec, training_text(spec), Path(sys.argv[2]), on_step=die)
"""


@pytest.mark.parametrize("rank", ["0", "1"])
def test_what_a_killed_team_leaves_goes_on(rank: str, tmp_path: Path, text_file: Path) -> None:
    settings = {**SMALL, "architecture": "olmo2", "corpus": f"text:{text_file}"}
    script = tmp_path / "run.py"
    script.write_text(KILLED)
    command = [sys.executable, "-W", "ignore", *TWO, str(script), json.dumps(settings), str(tmp_path / "cut"), rank]
    killed = subprocess.run(command, capture_output=True, text=True, env=environment(), timeout=300)
    assert killed.returncode != 0
    assert str(signal.SIGKILL.value) in killed.stderr
    assert not (tmp_path / "cut").exists()
    assert (partial_folder(tmp_path / "cut") / "state.safetensors").is_file()
    spec = tmp_path / "spec.yaml"
    spec.write_text(yaml.safe_dump({k: v for k, v in settings.items() if k != "even_checkpoints"}))
    for name in ("cut", "whole"):  # by one process, which is as two
        assert launch(spec, tmp_path / name).returncode == 0
    one, two = (load_file(tmp_path / name / "model.safetensors") for name in ("cut", "whole"))
    assert all(torch.allclose(one[name], two[name], rtol=0, atol=1e-5) for name in one)


def test_alone_nothing_is_exchanged(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("WORLD_SIZE", raising=False)
    team = Team.gather("cpu")
    module = torch.nn.Linear(2, 1)
    module.weight.grad = torch.ones(1, 2)
    team.add_gradients(module)
    assert (team.rank, team.world, team.leads, team.sum(1.5)) == (0, 1, True, 1.5)
    assert module.weight.grad.tolist() == [[1.0, 1.0]]
    assert module.bias.grad is None


def test_each_of_a_team_has_a_card_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LOCAL_RANK", "3")
    assert [Team(3, 4).own_device(d) for d in ("cuda", "cuda:0", "cpu")] == ["cuda:3", "cuda:3", "cpu"]
    assert Team().own_device("cuda:1") == "cuda:1"
