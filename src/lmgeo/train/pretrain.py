"""Masked-language-model pre-training: one plain loop, resumable to the bit.

About 5 % of the texts are held out; a WordPiece tokenizer is trained on the rest. Masks are drawn anew each step
(80 % mask token, 10 % random, 10 % as they are); AdamW (0.9, 0.98) with no decay of biases and norm gains, linear
warm-up and linear decay to zero, gradients clipped to norm 1. Draws come from the streams `init`, `data_order`,
`masking` and `dropout` of the run's seed, the last three named by epoch or step too: a continued run needs no
generator's state.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import count, islice
from pathlib import Path

import numpy as np
import torch
from torch import nn

from lmgeo.core.arrays import ndarray
from lmgeo.core.errors import Unfinished
from lmgeo.core.progress import Progress, silent
from lmgeo.core.seeds import numpy_stream
from lmgeo.core.spec.model import PretrainSpec
from lmgeo.models.build import build_encoder
from lmgeo.models.handle import ModelHandle
from lmgeo.train import partial
from lmgeo.train.batches import bucketed_batches
from lmgeo.train.clock import Clock
from lmgeo.train.masked_loss import masked_loss
from lmgeo.train.optimization import adamw, descend, rate_at, torch_stream
from lmgeo.train.texts import TrainingText, prepare
from lmgeo.train.training_record import BETAS, DECAY, PretrainResult, finish, finished, run_key

__all__ = ["PretrainResult", "pretrain"]


def pretrain(
    spec: PretrainSpec,
    texts: Sequence[str],
    out: Path,
    progress: Progress = silent,
    on_step: Callable[[int, float], None] | None = None,
    on_checkpoint: Callable[[int, ModelHandle], None] | None = None,
    checkpoint_every: int | None = None,
    device: str = "cpu",
) -> PretrainResult:
    """Train one masked language model and leave an ordinary checkpoint in `out`.

    Half-done state is kept beside `out` at every `checkpoint_every` steps and once a minute; calling again
    continues it, on CPU to the same bits.

    Args:
        spec: the run; `minutes` bounds its total time and does not change its result.
        texts: one sequence each.
        out: must not exist, or hold this same run finished.
        progress: told of steps.
        on_step: called with the steps done and the loss of the last one.
        on_checkpoint: called with the steps done and the model as it stands, to look at and not to keep,
            every `checkpoint_every` steps; a run killed before that step is saved calls again for it.
        checkpoint_every: steps; None: no such calls.
        device: where to train.

    Raises:
        NotEnoughData: too few texts.
        SpecError: `out` is taken.
        LmgeoError: the loss is not finite.
        Unfinished: `spec.minutes` have passed; calling again goes on.
    """
    key = run_key(spec, texts)
    if (done := finished(out, key)) is not None:
        return done
    asked, text = spec, prepare(texts, spec)
    spec = spec.model_copy(update={"steps": planned_steps(text, spec)})
    model = build_encoder(spec, len(text.tokenizer), text.tokenizer.pad_token_id).to(device)
    handle = ModelHandle(model, out.name, lambda: text.tokenizer)
    optimizer = adamw(model, spec.weight_decay, BETAS)
    state = partial.load(out, key, model, optimizer)
    clock = Clock(state.seconds)
    for batch in _batches(text, spec, state.step):
        loss, rate = _step(model, optimizer, text, batch, spec, state.step)
        state.add(loss, rate, spec.steps)
        progress("pre-training", state.step, spec.steps)
        if on_step:
            on_step(state.step, loss)
        at_checkpoint = checkpoint_every is not None and state.step % checkpoint_every == 0
        if at_checkpoint and on_checkpoint:
            on_checkpoint(state.step, handle)
        overtime = spec.minutes is not None and clock.seconds() > 60.0 * spec.minutes and state.step < spec.steps
        if at_checkpoint or overtime or clock.save_is_due():
            state.seconds = clock.seconds()
            partial.save(out, key, state, model, optimizer)
            clock.saved()
        if overtime:
            raise _overtime(spec, state.step)
    state.seconds = clock.seconds()
    return finish(asked, key, text, handle, state, out)


def _step(
    model: nn.Module,
    optimizer: torch.optim.Optimizer,
    text: TrainingText,
    batch: list[ndarray],
    spec: PretrainSpec,
    step: int,
) -> tuple[float, float]:
    """One update from streams named by the step: its loss and its learning rate."""
    rate = rate_at(step, spec.steps, spec.learning_rate, spec.warmup_fraction, DECAY)
    masked, real = text.batch(batch, spec.mask_fraction, numpy_stream(spec.seed, "masking", str(step)))
    model.train()
    with torch_stream(spec.seed, "dropout", str(step)):
        return descend(model, optimizer, lambda: masked_loss(model, masked, real), rate, step), rate


def planned_steps(text: TrainingText, spec: PretrainSpec) -> int:
    """The optimizer steps of a run: as asked, or as many as its tokens take."""
    if spec.tokens is None:
        return spec.steps
    lengths = np.array([len(s) for s in text.train])
    order = _order(lengths, spec)
    steps = seen = 0
    while seen < spec.tokens:
        seen += int(lengths[next(order)].sum())
        steps += 1
    return steps


def _batches(text: TrainingText, spec: PretrainSpec, start: int) -> Iterator[list[ndarray]]:
    """The batches of steps `start` to the last."""
    order = _order(np.array([len(s) for s in text.train]), spec)
    for batch in islice(order, start, spec.steps):
        yield [text.train[i] for i in batch]


def _order(lengths: ndarray, spec: PretrainSpec) -> Iterator[ndarray]:
    """Batches without end, as indices; each epoch's order is a stream of its own."""
    for epoch in count():
        random = numpy_stream(spec.seed, "data_order", str(epoch))
        yield from bucketed_batches(lengths, spec.batch_size, random, keep_rest=False)


def _overtime(spec: PretrainSpec, step: int) -> Unfinished:
    return Unfinished(
        f"pre-training passed its limit of {spec.minutes:g} minutes at step {step} of {spec.steps}",
        "raise minutes (the run continues from there), or ask for fewer steps",
    )
