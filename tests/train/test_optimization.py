"""Schedules, decay groups, seeded dropout, and what happens when a loss blows up."""

from __future__ import annotations

import itertools
import math
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from lmgeo.core.errors import LmgeoError
from lmgeo.train.optimization import adamw, descend, rate_at, torch_stream


@pytest.mark.parametrize("decay", ["linear", "cosine"])
def test_rate_rises_to_the_peak_and_falls_towards_zero(decay: str) -> None:
    rates = [rate_at(step, 100, 2.0, 0.1, decay) for step in range(100)]
    np.testing.assert_allclose(rates[:10], 2.0 * np.arange(1, 11) / 10)
    assert rates[10] == 2.0
    assert all(a > b for a, b in itertools.pairwise(rates[10:]))
    assert 0 < rates[-1] < 0.05


def test_linear_decay_without_warmup_is_run_glues() -> None:
    rates = [rate_at(step, 8, 2e-5, 0.0, "linear") for step in range(8)]
    np.testing.assert_allclose(rates, 2e-5 * (1 - np.arange(8) / 8))


@pytest.mark.parametrize("warmup", [0.0, 0.5, 1.0])
@pytest.mark.parametrize("steps", [1, 2, 3])
def test_short_runs_have_finite_rates(steps: int, warmup: float) -> None:
    rates = [rate_at(step, steps, 1.0, warmup, "cosine") for step in range(steps)]
    assert all(0 < rate <= 1 for rate in rates)


def test_only_matrices_decay() -> None:
    module = nn.Sequential(nn.Embedding(5, 4), nn.Linear(4, 4), nn.LayerNorm(4))
    optimizer = adamw(module, 0.1, (0.9, 0.98))
    decay = {id(p): g["weight_decay"] for g in optimizer.param_groups for p in g["params"]}
    for name, parameter in module.named_parameters():
        matrix = name in ("0.weight", "1.weight")
        assert decay[id(parameter)] == (0.1 if matrix else 0.0)


def test_a_step_equals_plain_adamw_on_the_clipped_gradient() -> None:
    module = nn.Linear(3, 1)
    x = torch.full((1, 3), 100.0)
    before = module.weight.detach().clone()
    descend(module, adamw(module, 0.0, (0.9, 0.98)), lambda: module(x).sum(), 0.01, 0)
    # Adam's first step is the sign of the gradient, whatever its size
    torch.testing.assert_close(module.weight, before - 0.01, atol=1e-5, rtol=0)
    norm = torch.cat([p.grad.flatten() for p in module.parameters()]).norm()
    assert norm.item() == pytest.approx(1.0, rel=1e-4)


@pytest.mark.parametrize("bad", [float("nan"), float("inf")])
def test_a_loss_that_is_not_finite_names_step_and_rate(bad: float) -> None:
    module = nn.Linear(2, 1)
    with pytest.raises(LmgeoError, match=r"at step 8, learning rate 0\.5") as error:
        descend(module, adamw(module, 0.0, (0.9, 0.98)), lambda: module.weight.sum() * bad, 0.5, 7)
    assert "learning_rate" in error.value.mend


def test_a_gradient_that_is_not_finite_changes_no_weight() -> None:
    module = nn.Linear(1, 1)
    with torch.no_grad():
        module.weight.zero_()
    with pytest.raises(LmgeoError, match="gradient"):
        # sqrt has an infinite slope at 0
        descend(module, adamw(module, 0.0, (0.9, 0.98)), lambda: module.weight.sqrt().sum(), 0.1, 0)
    assert module.weight.item() == 0.0


def test_streams_are_seeded_and_put_the_global_state_back() -> None:
    torch.manual_seed(1)
    expected = torch.rand(3)
    torch.manual_seed(1)
    with torch_stream(5, "dropout", "0"):
        first = torch.rand(3)
    with torch_stream(5, "dropout", "0"):
        again = torch.rand(3)
    with torch_stream(5, "dropout", "1"):
        other = torch.rand(3)
    assert torch.equal(first, again)
    assert not torch.equal(first, other)
    assert torch.equal(torch.rand(3), expected)


def plain_rate(step: int, steps: int, warmup: int, schedule: str, final: float, decay: int) -> float:
    """The rate over the peak, by cases."""
    if step < warmup:
        return (step + 1) / warmup
    done = (step - warmup) / (steps - warmup)
    if schedule == "constant":
        return 1.0
    if schedule == "cosine":
        return final + (1 - final) * (1 + math.cos(math.pi * done)) / 2
    if schedule == "wsd":
        done = max(0.0, (step - (steps - decay)) / decay)
    return 1 - (1 - final) * done


@pytest.mark.parametrize("final", [0.0, 0.1, 1.0])
@pytest.mark.parametrize("schedule", ["linear", "cosine", "constant", "wsd"])
def test_rates_are_a_plain_formula(schedule: Any, final: float) -> None:
    rates = [rate_at(step, 200, 3e-3, 0.05, schedule, final, 0.25) for step in range(201)]
    np.testing.assert_allclose(rates, [3e-3 * plain_rate(s, 200, 10, schedule, final, 50) for s in range(201)])
    assert rates[9] == rates[10] == 3e-3  # the warm-up's end, and the first step after
    assert rates[200] == pytest.approx(3e-3 * (1.0 if schedule == "constant" else final))
    if schedule == "wsd":
        assert set(rates[10:151]) == {3e-3}


@pytest.mark.parametrize("decay", [0.9, 1.0])
def test_a_decay_longer_than_what_the_warmup_leaves_begins_at_its_end(decay: float) -> None:
    rates = [rate_at(step, 10, 1.0, 0.5, "wsd", 0.0, decay) for step in range(10)]
    np.testing.assert_allclose(rates, [0.2, 0.4, 0.6, 0.8, 1.0, 1.0, 0.8, 0.6, 0.4, 0.2])
