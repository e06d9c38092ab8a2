"""Fine-tune a copy of a model on one task and score it."""

from __future__ import annotations

import math
from collections.abc import Iterator
from functools import partial
from typing import TYPE_CHECKING

import numpy as np
import torch

from lmgeo.core.arrays import Float, Int, ndarray
from lmgeo.core.progress import Progress, silent
from lmgeo.core.seeds import numpy_stream
from lmgeo.core.spec.blocks import FinetuneSpec
from lmgeo.core.spec.pretrain import Schedule
from lmgeo.train.batches import TokenRows, bucketed_batches
from lmgeo.train.grading import TaskScore, chance_score, mean_score, metrics_of, notes_on, score_interval
from lmgeo.train.heads import PooledModel, pooled_copy
from lmgeo.train.optimization import adamw, descend, rate_at, torch_stream
from lmgeo.train.targets import Targets

if TYPE_CHECKING:
    from lmgeo.data.examples import Examples
    from lmgeo.data.tasks import TaskData
    from lmgeo.models.handle import ModelHandle

BETAS = (0.9, 0.999)
DECAY: Schedule = "linear"
EVAL_SEED = 0  # a subset of the dev part is the same for every run: scores compare across seeds
EVAL_SEQUENCES = 64  # a batch, of like lengths


def finetune(
    handle: ModelHandle,
    data: TaskData,
    settings: FinetuneSpec,
    seed: int,
    *,
    train_examples: int | None = None,
    eval_examples: int | None = None,
    progress: Progress = silent,
) -> TaskScore:
    """Fine-tune a copy of `handle` on a task's training part and score it on its dev part.

    All weights and a fresh head are trained; the head sees the first token's state (a decoder's last one's)
    beside the mean over tokens. Cross-entropy for classes, squared error on standardised grades; AdamW, warm-up
    as set, linear decay to zero, gradients clipped to norm 1. Draws come from the streams `head`, `data_order`
    and `dropout` of `seed`; `handle` is left as it is.

    Args:
        handle: any model, encoder or decoder.
        data: the task.
        settings: the run; its defaults are `run_glue`'s.
        seed: of this run.
        train_examples, eval_examples: seeded label-stratified subsets of that many; None: all.
        progress: told of steps.

    Raises:
        LmgeoError: the loss is not finite.
    """
    train, dev = _subset(data.train, train_examples, seed), _subset(data.dev, eval_examples, EVAL_SEED)
    targets = Targets.of(data.task.labels, train.labels)
    length = min(settings.max_length, handle.max_length)
    asked = settings.max_length
    cut = [f"max_length is {length}, not {asked}: the model takes no more"] if length < asked else []
    model = pooled_copy(handle, targets.outputs, seed)
    steps = _train(model, _tokens(handle, train, length), targets, train.labels, settings, seed, progress)
    predictions = targets.predictions(_outputs(model, _tokens(handle, dev, length)))
    names = data.task.metrics
    return TaskScore(
        task=data.task.name,
        score=float(mean_score(names, dev.labels, predictions)),
        metrics=metrics_of(names, dev.labels, predictions),
        n_train=len(train.labels),
        n_eval=len(dev.labels),
        seed=seed,
        chance=chance_score(names, dev.labels),
        interval=score_interval(names, dev.labels, predictions, seed),
        details={"steps": steps, "max_length": length, "notes": [*cut, *notes_on(names, predictions)]},
    )


def _subset(examples: Examples, n: int | None, seed: int) -> Examples:
    return examples if n is None else examples.subset(n, seed)


def _tokens(handle: ModelHandle, examples: Examples, length: int) -> TokenRows:
    return TokenRows(handle.encode(examples.first, examples.second, max_length=length), handle.pad_id)


def _train(
    model: PooledModel,
    tokens: TokenRows,
    targets: Targets,
    labels: ndarray,
    settings: FinetuneSpec,
    seed: int,
    progress: Progress,
) -> int:
    """Train in place; returns the steps taken."""
    optimizer = adamw(model, settings.weight_decay, BETAS)
    encoded = targets.encode(labels)
    steps = math.ceil(settings.epochs * math.ceil(len(labels) / settings.batch_size))
    model.train()
    for step, rows in enumerate(_rows(tokens.lengths, settings.batch_size, steps, seed)):
        rate = rate_at(step, steps, settings.learning_rate, settings.warmup_fraction, DECAY)
        loss = partial(_loss, model, tokens, targets, encoded, rows)
        with torch_stream(seed, "dropout", str(step)):
            descend(model, optimizer, loss, rate, step)
        progress("fine-tuning", step + 1, steps)
    return steps


def _rows(lengths: Int[ndarray, " n"], batch_size: int, steps: int, seed: int) -> Iterator[Int[ndarray, " b"]]:
    """Row indices of each step's batch; each epoch's order is a stream of its own."""
    step, epoch = 0, 0
    while step < steps:
        random = numpy_stream(seed, "data_order", str(epoch))
        for rows in bucketed_batches(lengths, batch_size, random, keep_rest=True)[: steps - step]:
            yield rows
            step += 1
        epoch += 1


def _loss(
    model: PooledModel, tokens: TokenRows, targets: Targets, encoded: torch.Tensor, rows: Int[ndarray, " b"]
) -> torch.Tensor:
    return targets.loss(_forward(model, tokens, rows), encoded[torch.from_numpy(rows)])


def _forward(model: PooledModel, tokens: TokenRows, rows: Int[ndarray, " b"]) -> torch.Tensor:
    device = next(model.parameters()).device
    return model(*(torch.from_numpy(part).to(device) for part in tokens.batch(rows)))


def _outputs(model: PooledModel, tokens: TokenRows) -> Float[ndarray, "n k"]:
    """The head's outputs for every example, in their order."""
    model.eval()
    order = np.argsort(tokens.lengths, kind="stable")
    outputs = np.empty((len(order), model.head.out.out_features), np.float64)
    with torch.inference_mode():
        for start in range(0, len(order), EVAL_SEQUENCES):
            rows = order[start : start + EVAL_SEQUENCES]
            outputs[rows] = _forward(model, tokens, rows).double().cpu().numpy()
    return outputs
