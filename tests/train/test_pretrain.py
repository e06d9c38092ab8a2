"""Pre-training: it learns, it is seeded, it resumes to the bit, and it leaves an ordinary checkpoint."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file

from lmgeo.core.errors import LmgeoError, NotEnoughData, SpecError
from lmgeo.core.spec.pretrain import PretrainSpec
from lmgeo.models.handle import ModelHandle
from lmgeo.train.partial import partial_folder
from lmgeo.train.pretrain import pretrain

Spec = Callable[..., PretrainSpec]


class Killed(Exception):
    """Stands for a process that dies."""


def kill_at(last: int) -> Callable[[int, float], None]:
    def on_step(step: int, loss: float) -> None:
        if step == last:
            raise Killed

    return on_step


def weights(folder: Path) -> dict[str, torch.Tensor]:
    return load_file(folder / "model.safetensors")


def same(a: dict[str, torch.Tensor], b: dict[str, torch.Tensor]) -> bool:
    return a.keys() == b.keys() and all(torch.equal(a[name], b[name]) for name in a)


def record(folder: Path) -> dict[str, Any]:
    return json.loads((folder / "training.json").read_text())


@pytest.mark.parametrize("architecture", ["bert", "modernbert"])
def test_a_killed_run_resumes_to_the_same_bits(
    architecture: str, tmp_path: Path, sentences: list[str], tiny_spec: Spec
) -> None:
    spec = tiny_spec(architecture=architecture, dropout=0.1, steps=50, even_checkpoints=5)  # three epochs
    whole = pretrain(spec, sentences, tmp_path / "whole")
    for last in (13, 40):  # twice, in the first epoch and in the second; three steps after a save
        with pytest.raises(Killed):
            pretrain(spec, sentences, tmp_path / "cut", on_step=kill_at(last))
        assert not (tmp_path / "cut").exists()
    steps: list[int] = []
    resumed = pretrain(spec, sentences, tmp_path / "cut", on_step=lambda step, loss: steps.append(step))
    assert steps[0] == 31
    assert same(weights(tmp_path / "whole"), weights(tmp_path / "cut"))
    assert resumed.losses == whole.losses
    assert resumed.held_out_loss == whole.held_out_loss
    assert not partial_folder(tmp_path / "cut").exists()


def test_the_seed_decides_the_weights_and_nothing_else_does(
    tmp_path: Path, sentences: list[str], tiny_spec: Spec
) -> None:
    state = torch.get_rng_state()
    for name, seed in (("one", 0), ("same", 0), ("other", 1)):
        pretrain(tiny_spec(seed=seed, dropout=0.1), sentences, tmp_path / name)
    assert torch.equal(torch.get_rng_state(), state)
    assert same(weights(tmp_path / "one"), weights(tmp_path / "same"))
    assert not same(weights(tmp_path / "one"), weights(tmp_path / "other"))
    unigrams = {record(tmp_path / name)["unigram_loss"] for name in ("one", "other")}
    assert len(unigrams) == 1  # seeds are compared on the same held-out masks


def test_it_learns(tmp_path: Path, sentences: list[str], tiny_spec: Spec) -> None:
    result = pretrain(tiny_spec(steps=250, learning_rate=1e-2), sentences, tmp_path / "model")
    assert result.steps == 250
    assert result.held_out_loss < result.unigram_loss - 0.3
    assert result.losses[0]["loss"] > result.losses[-1]["loss"] + 1
    assert [entry["step"] for entry in result.losses] == list(range(2, 251, 2))
    assert result.summary()["held_out_loss"] == result.held_out_loss


def test_the_checkpoint_is_ordinary_in_a_fresh_process(tmp_path: Path, sentences: list[str], tiny_spec: Spec) -> None:
    out = tmp_path / "deep" / "model"
    seen: list[tuple[int, ModelHandle]] = []
    pretrain(
        tiny_spec(even_checkpoints=2), sentences, out, on_checkpoint=lambda step, handle: seen.append((step, handle))
    )
    assert [step for step, _ in seen] == [0, 6, 12]
    assert seen[0][1].encode(["the cat"])[0].ids[0] == 2
    assert {"config.json", "model.safetensors", "tokenizer.json", "training.json"} <= {p.name for p in out.iterdir()}
    assert [p.name for p in out.parent.iterdir()] == ["model"]
    script = (
        "import sys, torch, transformers as t\n"
        "model = t.AutoModelForMaskedLM.from_pretrained(sys.argv[1])\n"
        "ids = t.AutoTokenizer.from_pretrained(sys.argv[1])('The cat [MASK] water', return_tensors='pt')\n"
        "print(model(input_ids=ids['input_ids']).logits.shape[1])"
    )
    command = [sys.executable, "-W", "ignore", "-c", script, str(out)]
    done = subprocess.run(
        command, capture_output=True, text=True, check=True, env={**os.environ, "HF_HUB_OFFLINE": "1"}
    )
    assert done.stdout.split() == ["6"]


def test_a_finished_run_is_not_done_again(tmp_path: Path, sentences: list[str], tiny_spec: Spec) -> None:
    first = pretrain(tiny_spec(), sentences, tmp_path / "model")
    for other in ({"minutes": 5}, {"corpus": "text:the/same/text/elsewhere.txt"}):
        again = pretrain(tiny_spec(**other), sentences, tmp_path / "model", on_step=kill_at(1))
        assert again == first


def test_what_stands_in_the_place_is_never_replaced(tmp_path: Path, sentences: list[str], tiny_spec: Spec) -> None:
    (tmp_path / "thesis").mkdir()
    (tmp_path / "thesis" / "chapter.txt").write_text("three years")
    pretrain(tiny_spec(), sentences, tmp_path / "model")
    (tmp_path / "empty").mkdir()
    assert pretrain(tiny_spec(), sentences, tmp_path / "empty").path == tmp_path / "empty"
    for name, seed in (("thesis", 0), ("model", 1)):
        with pytest.raises(SpecError, match=name):
            pretrain(tiny_spec(seed=seed), sentences, tmp_path / name)
    assert (tmp_path / "thesis" / "chapter.txt").read_text() == "three years"


def test_another_runs_half_done_state_is_not_taken_up(tmp_path: Path, sentences: list[str], tiny_spec: Spec) -> None:
    with pytest.raises(Killed):
        pretrain(tiny_spec(seed=1, even_checkpoints=3), sentences, tmp_path / "model", on_step=kill_at(8))
    pretrain(tiny_spec(), sentences, tmp_path / "model")
    pretrain(tiny_spec(), sentences, tmp_path / "fresh")
    assert same(weights(tmp_path / "model"), weights(tmp_path / "fresh"))


def test_a_run_past_its_minutes_fails_and_can_go_on(tmp_path: Path, sentences: list[str], tiny_spec: Spec) -> None:
    with pytest.raises(LmgeoError, match=r"limit of 1e-06 minutes at step 1 of 12") as error:
        pretrain(tiny_spec(minutes=1e-6), sentences, tmp_path / "model")
    assert "raise minutes" in error.value.mend
    assert pretrain(tiny_spec(minutes=10), sentences, tmp_path / "model").steps == 12


def test_a_divergent_rate_is_said_clearly(tmp_path: Path, sentences: list[str], tiny_spec: Spec) -> None:
    with pytest.raises(LmgeoError, match=r"diverged: the .* at step \d+, learning rate") as error:
        pretrain(tiny_spec(learning_rate=1e30, warmup_fraction=0), sentences, tmp_path / "model")
    assert "smaller learning_rate" in error.value.mend
    assert not (tmp_path / "model").exists()


def test_too_little_text_leaves_nothing_behind(tmp_path: Path, tiny_spec: Spec) -> None:
    with pytest.raises(NotEnoughData):
        pretrain(tiny_spec(), ["one sentence"], tmp_path / "model")
    assert list(tmp_path.iterdir()) == []


def test_a_number_of_tokens_fixes_the_run_as_steps_do(tmp_path: Path, sentences: list[str], tiny_spec: Spec) -> None:
    by_steps = pretrain(tiny_spec(steps=7), sentences, tmp_path / "steps")
    seen = []
    for tokens in (1, 10**4):
        spec = PretrainSpec(**{**tiny_spec().resolved(), "steps": 0, "tokens": tokens})
        seen.append(pretrain(spec, sentences, tmp_path / str(tokens)).steps)
    assert seen[0] == 1
    assert seen[1] > by_steps.steps
    again = PretrainSpec(**record(tmp_path / "10000")["spec"])
    assert (again.steps, again.tokens) == (0, 10**4)


@pytest.mark.parametrize("settings", [{"steps": 5, "tokens": 100}, {"steps": 0}, {"tokens": 0}])
def test_a_run_has_one_length(settings: dict[str, int]) -> None:
    with pytest.raises(ValueError, match=r"steps|tokens"):
        PretrainSpec(**settings)


@pytest.mark.parametrize("rate", [1e300, 1e-300])
def test_a_rate_that_no_number_holds_is_refused(rate: float) -> None:
    with pytest.raises(ValueError, match=r"learning_rate times learning_rate_factor is .*: give a finite rate"):
        PretrainSpec(learning_rate=rate, learning_rate_factor=rate)


def test_without_a_length_there_is_a_default() -> None:
    assert PretrainSpec().steps == 1200
    assert PretrainSpec(tokens=10).steps == 0
