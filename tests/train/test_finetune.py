"""Fine-tuning: it learns what can be learnt, on a copy, for every family."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import torch

from lmgeo.core.errors import LmgeoError
from lmgeo.core.spec.blocks import FinetuneSpec
from lmgeo.data.tasks import TaskData
from lmgeo.models.handle import ModelHandle
from lmgeo.train.finetune import finetune

MakeTask = Callable[..., TaskData]
QUICK = FinetuneSpec(epochs=4, learning_rate=1e-2, batch_size=16)


@pytest.mark.parametrize("pairs", [False, True])
def test_a_separable_task_is_learnt(model: ModelHandle, pairs: bool, sentences: list[str], task: MakeTask) -> None:
    data = task(sentences, pairs)
    score = finetune(model, data, FinetuneSpec(epochs=8, learning_rate=1e-2, batch_size=16), seed=0)
    assert score.chance == pytest.approx(np.mean([np.mean(data.dev.labels == 0), 0.0]))
    assert score.score > score.chance + 0.4
    assert score.interval[0] > score.chance
    assert score.interval[0] <= score.score <= score.interval[1]
    assert score.score == pytest.approx((score.metrics["accuracy"] + score.metrics["f1"]) / 2)
    assert (score.n_train, score.n_eval) == (150, 150)


def test_a_graded_task_is_learnt(encoder: ModelHandle, sentences: list[str], task: MakeTask) -> None:
    settings = FinetuneSpec(epochs=8, learning_rate=1e-2, batch_size=16)
    score = finetune(encoder, task(sentences, graded=True), settings, seed=0)
    assert score.chance == 0.0
    assert score.metrics["pearson"] > 0.7


def test_the_callers_model_and_torch_stay_as_they_were(
    model: ModelHandle, sentences: list[str], task: MakeTask
) -> None:
    before = {name: p.detach().clone() for name, p in model.module.state_dict().items()}
    modes = {name: m.training for name, m in model.module.named_modules()}
    state = torch.get_rng_state()
    finetune(model, task(sentences), QUICK, seed=0, train_examples=20, eval_examples=10)
    assert torch.equal(torch.get_rng_state(), state)
    for name, tensor in model.module.state_dict().items():
        assert torch.equal(tensor, before[name]), name
    assert all(p.grad is None for p in model.module.parameters())
    assert {name: m.training for name, m in model.module.named_modules()} == modes


def test_equal_seeds_give_equal_scores(encoder: ModelHandle, sentences: list[str], task: MakeTask) -> None:
    settings = FinetuneSpec(epochs=0.5, learning_rate=3e-3, batch_size=8)
    one, same = (finetune(encoder, task(sentences, graded=True), settings, seed=3) for _ in range(2))
    other = finetune(encoder, task(sentences, graded=True), settings, seed=4)
    assert one == same
    assert other.metrics != one.metrics
    assert one.details["steps"] == 10  # half of 19 steps, rounded up


def test_subsets_are_counted_and_progress_is_told(encoder: ModelHandle, sentences: list[str], task: MakeTask) -> None:
    told: list[tuple[float, float]] = []
    score = finetune(
        encoder,
        task(sentences),
        FinetuneSpec(epochs=1, batch_size=16),
        seed=0,
        train_examples=40,
        eval_examples=30,
        progress=lambda label, done, total: told.append((done, total)),
    )
    assert (score.n_train, score.n_eval) == (40, 30)
    assert told == [(1, 3), (2, 3), (3, 3)]
    assert score.details["max_length"] == 16


def test_an_untrainable_rate_of_learning_is_said_clearly(
    encoder: ModelHandle, sentences: list[str], task: MakeTask
) -> None:
    with pytest.raises(LmgeoError, match="diverged") as error:
        finetune(encoder, task(sentences), FinetuneSpec(learning_rate=1e30), seed=0)
    assert "smaller learning_rate" in error.value.mend
