"""What decides a trained model's weights: one identity for every spelling of a run, another for every other run."""

from __future__ import annotations

from typing import Any

import pytest

from lmgeo.core.spec.decisive import decisive
from lmgeo.core.spec.pretrain import PretrainSpec
from lmgeo.models.architectures import configuration

CAUSAL: dict[str, Any] = {"architecture": "olmo2", "width": 64, "layers": 2, "steps": 50}


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({"size": "0.3M"}, {"width": 56, "layers": 3, "heads": 2}),
        ({"heads": None}, {"heads": 2}),
        ({"steps": 50}, {"steps": 0, "tokens": 50 * 16 * 128}),
        ({"steps": 50}, {"steps": 0, "tokens": 50 * 16 * 128 - 1}),  # the last step is a whole one
        ({"batch_tokens": 1024}, {"batch_size": 8}),
        ({"learning_rate": 4e-3, "learning_rate_factor": 0.5}, {"learning_rate": 2e-3}),
        ({"architecture": "gpt_neox"}, {"architecture": "gpt_neox", "parallel": True}),
        ({"architecture": "stablelm"}, {"architecture": "stablelm", "parallel": False}),
        ({"learning_rate": 0.1, "learning_rate_factor": 0.1}, {"learning_rate": 0.01}),  # though 0.1 * 0.1 > 0.01
        ({"learning_rate": 0.007, "learning_rate_factor": 0.1}, {"learning_rate": 0.0007}),
        ({"schedule": "constant", "final_fraction": 0.3}, {"schedule": "constant"}),
        ({"micro_batch": 16}, {}),
        ({"mask_fraction": 0.2}, {}),
        ({"schedule": "cosine", "decay_fraction": 0.5}, {}),
        ({"architecture": "bert", "tied": True}, {"architecture": "bert"}),
        ({"even_checkpoints": 3, "minutes": 5}, {}),
    ],
)
def test_two_spellings_of_one_run(one: dict[str, Any], other: dict[str, Any]) -> None:
    sized = {k: v for k, v in CAUSAL.items() if not ("size" in one and k in ("width", "layers"))}
    first, second = PretrainSpec(**{**sized, **one}), PretrainSpec(**{**CAUSAL, **other})
    assert decisive(first) == decisive(second)


@pytest.mark.parametrize(
    "change",
    [
        {"architecture": "stablelm"}, {"width": 32}, {"layers": 3}, {"heads": 1}, {"tied": True}, {"vocabulary": 512},
        {"max_length": 64}, {"corpus": "pycode"}, {"steps": 51}, {"steps": 0, "tokens": 50 * 16 * 128 + 1},
        {"batch_size": 8}, {"micro_batch": 4}, {"learning_rate": 1e-3}, {"learning_rate_factor": 2.0},
        {"schedule": "wsd"}, {"schedule": "wsd", "decay_fraction": 0.5}, {"final_fraction": 0.0},
        {"warmup_fraction": 0.1}, {"weight_decay": 0.0}, {"beta1": 0.8}, {"beta2": 0.99}, {"clip": 2.0},
        {"dropout": 0.1}, {"precision": "bfloat16"}, {"compile": True}, {"seed": 1},
        {"even_checkpoints": 2, "keep_checkpoints": True},
    ],
)  # fmt: skip
def test_every_setting_that_moves_weights_tells_runs_apart(change: dict[str, Any]) -> None:
    assert decisive(PretrainSpec(**{**CAUSAL, **change})) != decisive(PretrainSpec(**CAUSAL))


def test_the_decay_of_wsd_counts() -> None:
    wsd = {**CAUSAL, "schedule": "wsd"}
    assert decisive(PretrainSpec(**wsd, decay_fraction=0.5)) != decisive(PretrainSpec(**wsd))


def test_a_masked_run_by_tokens_keeps_them_and_its_mask() -> None:
    masked = {"architecture": "modernbert", "width": 64, "layers": 2}
    of_tokens = [decisive(PretrainSpec(**masked, tokens=n)) for n in (5_000, 6_000)]
    assert [found["tokens"] for found in of_tokens] == [5_000, 6_000]
    fewer = decisive(PretrainSpec(**masked, tokens=5_000, mask_fraction=0.2))
    assert fewer != of_tokens[0]


@pytest.mark.parametrize("width", [8, 24, 40, 64, 72, 96, 104, 200])
@pytest.mark.parametrize("architecture", ["olmo2", "stablelm", "gpt_neox", "bert", "modernbert"])
def test_heads_are_those_of_the_model(architecture: str, width: int) -> None:
    spec = PretrainSpec(architecture=architecture, width=width, layers=1, steps=1)
    assert spec.head_count == configuration(spec, 512, 0).num_attention_heads
