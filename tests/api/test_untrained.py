"""Signs of training: none in fresh models by many rules of initialisation, some after a few steps."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn

from lmgeo.api.untrained import signs_of_training
from lmgeo.api.weight_sources import open_weights
from lmgeo.models.load import load_model
from lmgeo.models.quiet import quiet
from tests.suites import train

LAYERS, WIDTH = 2, 32
RULES: dict[str, Callable[[torch.Tensor], Any]] = {
    "narrow normal": lambda w: nn.init.normal_(w, std=2 / (LAYERS * math.sqrt(WIDTH))),
    "small": lambda w: nn.init.normal_(w, std=math.sqrt(2 / (5 * WIDTH))),
    "uniform": lambda w: nn.init.kaiming_uniform_(w, a=math.sqrt(5)),
    "truncated": lambda w: nn.init.trunc_normal_(w, std=0.02),
    "orthogonal": nn.init.orthogonal_,
    "another seed": lambda w: nn.init.normal_(w, std=0.02),
}


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return train(tmp_path_factory.mktemp("untrained") / "run", marks=[0, 20, 60, 120], steps=120)


@pytest.mark.parametrize("rule", RULES)
def test_fresh_models_show_none(rule: str, run: Path) -> None:
    fresh, other = load_model(run / "step-0", untrained_seed=0), load_model(run / "step-0", untrained_seed=3)
    with torch.random.fork_rng(devices=[]), torch.no_grad():
        torch.manual_seed(1)
        for parameter in other.module.parameters():
            if parameter.ndim == 2:
                RULES[rule](parameter)
    assert signs_of_training(open_weights(other).weights, open_weights(fresh).weights) == []


@pytest.mark.parametrize("step", [20, 60, 120])
def test_a_few_steps_of_training_show(step: int, run: Path) -> None:
    fresh = open_weights(load_model(run / "step-0", untrained_seed=0)).weights
    signs = signs_of_training(open_weights(run / f"step-{step}").weights, fresh)
    assert signs
    assert signs[0].startswith("18 of 18 gains and biases")
    if step >= 60:
        assert "matrices are not random" in signs[1]


def test_half_precision_is_no_sign(run: Path, tmp_path: Path) -> None:
    module = load_model(run / "step-0").module.to(torch.bfloat16)
    with quiet():
        module.save_pretrained(tmp_path / "half")
    fresh = open_weights(load_model(run / "step-0", untrained_seed=0)).weights
    assert signs_of_training(open_weights(tmp_path / "half").weights, fresh) == []


def test_matrices_of_zeros_are_said(run: Path) -> None:
    fresh, other = load_model(run / "step-0", untrained_seed=0), load_model(run / "step-0", untrained_seed=3)
    with torch.no_grad():
        other.module.get_output_embeddings().weight.zero_()
    signs = signs_of_training(open_weights(other).weights, open_weights(fresh).weights)
    assert len(signs) == 1
    assert signs[0].startswith("the entries of lm_head.weight have a standard deviation of 0, 0.0")
