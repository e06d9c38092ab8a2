"""Fine-tune a copy of a model on one task and score it."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import nn

from lmgeo.core.arrays import ndarray
from lmgeo.core.progress import Progress, silent
from lmgeo.core.seeds import numpy_stream
from lmgeo.core.spec.blocks import FinetuneSpec
from lmgeo.data.batching import Batch, length_sorted_batches, pad
from lmgeo.train.batches import bucketed_batches
from lmgeo.train.grading import TaskScore, chance_score, mean_score, metrics_of, notes_on, score_interval
from lmgeo.train.heads import PooledModel, pooled_copy
from lmgeo.train.optimization import adamw, descend, rate_at, torch_stream
from lmgeo.train.targets import Targets

if TYPE_CHECKING:
    from lmgeo.core.tokens import TokenSequence
    from lmgeo.data.tasks import Examples, TaskData
    from lmgeo.models.handle import ModelHandle

BETAS = (0.9, 0.999)
DECAY = "linear"
EVAL_TOKENS = 8192  # a batch; does not change predictions but for rounding


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

    All weights and a fresh pooled head are trained: cross-entropy for classes, squared error on standardised
    targets for grades; AdamW, warm-up as set, linear decay to zero, gradients clipped to norm 1. Draws come
    from the streams `head`, `data_order` and `dropout` of `seed`; `handle` is left as it is.

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
    train, dev = _subset(data.train, train_examples, seed), _subset(data.dev, eval_examples, 0)
    targets = Targets.of(data.task.labels, train.labels)
    length = min(settings.max_length, handle.max_length)
    model = pooled_copy(handle, targets.outputs, seed)
    sequences = handle.encode(train.first, train.second, max_length=length)
    steps = _train(model, sequences, targets, train.labels, settings, seed, handle.pad_id, data.task.name, progress)
    outputs = _outputs(model, handle.encode(dev.first, dev.second, max_length=length), handle.pad_id)
    predictions, names = targets.predictions(outputs), data.task.metrics
    return TaskScore(
        task=data.task.name,
        score=float(mean_score(names, dev.labels, predictions)),
        metrics=metrics_of(names, dev.labels, predictions),
        n_train=len(train.labels),
        n_eval=len(dev.labels),
        seed=seed,
        chance=chance_score(names, dev.labels),
        interval=score_interval(names, dev.labels, predictions, seed),
        details={"steps": steps, "max_length": length, "notes": notes_on(names, predictions)},
    )


def _subset(examples: Examples, n: int | None, seed: int) -> Examples:
    return examples if n is None or n >= len(examples.labels) else examples.subset(n, seed)


def _train(
    model: PooledModel,
    sequences: Sequence[TokenSequence],
    targets: Targets,
    labels: ndarray,
    settings: FinetuneSpec,
    seed: int,
    pad_id: int,
    name: str,
    progress: Progress,
) -> int:
    """Train in place; returns the steps taken."""
    optimizer = adamw(model, settings.weight_decay, BETAS)
    encoded = targets.encode(labels)
    steps = math.ceil(settings.epochs * math.ceil(len(sequences) / settings.batch_size))
    model.train()
    for step, rows in enumerate(_rows([len(s.ids) for s in sequences], settings.batch_size, steps, seed)):
        batch, wanted = pad([sequences[i] for i in rows], pad_id), encoded[rows]
        rate = rate_at(step, steps, settings.learning_rate, settings.warmup_fraction, DECAY)
        with torch_stream(seed, "dropout", str(step)):
            descend(model, optimizer, lambda b=batch, w=wanted: targets.loss(_forward(model, b), w), rate, step)
        progress(f"fine-tuning on {name}", step + 1, steps)
    return steps


def _rows(lengths: list[int], batch_size: int, steps: int, seed: int) -> Iterator[ndarray]:
    """Row indices of each step's batch; each epoch's order is a stream of its own."""
    step, epoch = 0, 0
    while step < steps:
        random = numpy_stream(seed, "data_order", str(epoch))
        for rows in bucketed_batches(lengths, batch_size, random, keep_rest=True)[: steps - step]:
            yield rows
            step += 1
        epoch += 1


def _forward(model: nn.Module, batch: Batch) -> torch.Tensor:
    device = next(model.parameters()).device
    parts: list[Any] = [batch.ids, batch.mask, batch.segments]
    return model(*(torch.from_numpy(part).to(device) for part in parts))


def _outputs(model: PooledModel, sequences: Sequence[TokenSequence], pad_id: int) -> ndarray:
    """The head's outputs for every sequence, in their order: (n, k) float64."""
    model.eval()
    outputs = np.empty((len(sequences), model.head.out.out_features), np.float64)
    with torch.inference_mode():
        for batch in length_sorted_batches(sequences, EVAL_TOKENS, pad_id):
            outputs[batch.index] = _forward(model, batch).double().cpu().numpy()
    return outputs
