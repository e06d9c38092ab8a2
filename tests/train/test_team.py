"""Several processes that share a run's batches give what one gives, and one of them writes."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import torch
import yaml
from safetensors.torch import load_file

from lmgeo.core.spec.pretrain import PretrainSpec
from lmgeo.train.partial import partial_folder
from lmgeo.train.pretrain import pretrain
from lmgeo.train.team import Team
from lmgeo.train.training_text import training_text

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


TWO = ("-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2")
UNEVEN: dict[str, dict[str, Any]] = {
    "uneven-passes": {"architecture": "gpt_neox", "micro_batch": 2},  # two sequences and three: one pass and two
    "masked": {"architecture": "modernbert", "micro_batch": 1},
    "nothing-to-do": {"architecture": "olmo2", "batch_size": 1},
}
EACH = """
import json, sys
from pathlib import Path
from lmgeo.core.spec.pretrain import PretrainSpec
from lmgeo.train.pretrain import pretrain
from lmgeo.train.training_text import training_text
for name, settings in json.loads(sys.argv[1]).items():
    spec = PretrainSpec(**settings)
    pretrain(spec, training_text(spec), Path(sys.argv[2]) / name)
"""


def together(*arguments: object) -> subprocess.CompletedProcess[str]:
    """Two processes of `torchrun`."""
    command = [sys.executable, "-W", "ignore", *TWO, *map(str, arguments)]
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "CUDA_VISIBLE_DEVICES": ""}
    return subprocess.run(command, capture_output=True, text=True, env=environment, timeout=600)


def alone(settings: dict[str, Any], out: Path) -> None:
    spec = PretrainSpec(**settings)
    pretrain(spec, training_text(spec), out)


def assert_close(one: Path, two: Path) -> None:
    ours, theirs = load_file(one / "model.safetensors"), load_file(two / "model.safetensors")
    assert ours.keys() == theirs.keys()
    assert all(torch.allclose(ours[name], theirs[name], rtol=0, atol=1e-5) for name in ours)


def record(folder: Path) -> dict[str, Any]:
    return json.loads((folder / "training.json").read_text())


def test_two_are_as_one(tmp_path: Path, text_file: Path) -> None:
    specs = {name: {**SMALL, "corpus": f"text:{text_file}", **changes} for name, changes in UNEVEN.items()}
    (tmp_path / "each.py").write_text(EACH)
    done = together(tmp_path / "each.py", json.dumps(specs), tmp_path / "two")
    assert done.returncode == 0, done.stderr
    for name, settings in specs.items():
        alone(settings, tmp_path / "one" / name)
        assert_close(tmp_path / "one" / name, tmp_path / "two" / name)
        one, two = record(tmp_path / "one" / name), record(tmp_path / "two" / name)
        assert (one["processes"], two["processes"]) == (1, 2)
        for ours, theirs in zip(one["losses"], two["losses"], strict=True):
            assert ours == pytest.approx(theirs, abs=1e-5)
        assert [look["step"] for look in two["looks"]] == [0, 4, 8]
    assert sorted(p.name for p in (tmp_path / "two").iterdir()) == sorted(UNEVEN)


def test_the_command_speaks_once(tmp_path: Path, text_file: Path) -> None:
    spec = tmp_path / "spec.yaml"
    spec.write_text(yaml.safe_dump({**SMALL, "architecture": "olmo2", "steps": 2, "corpus": f"text:{text_file}"}))
    done = together("-m", "lmgeo", "pretrain", spec, "--out", tmp_path / "model", "--json")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["path"] == str(tmp_path / "model")
    assert [look["step"] for look in record(tmp_path / "model")["looks"]] == [0, 1, 2]


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
    killed = together(script, json.dumps(settings), tmp_path / "cut", rank)
    assert killed.returncode != 0
    assert "SIGKILL" in killed.stderr
    assert not (tmp_path / "cut").exists()
    assert (partial_folder(tmp_path / "cut") / "state.safetensors").is_file()
    for name in ("cut", "whole"):  # by one process, which is as two
        alone(settings, tmp_path / name)
    assert_close(tmp_path / "cut", tmp_path / "whole")


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
