"""Masked-language-model pre-training: one plain loop, resumable to the bit."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from lmgeo.core.errors import LmgeoError, SpecError
from lmgeo.core.files import folder_in_one_step, write_json
from lmgeo.core.identity import content_key, hash_texts
from lmgeo.core.progress import Progress, silent
from lmgeo.core.seeds import numpy_stream
from lmgeo.core.spec.model import PretrainSpec
from lmgeo.models.build import build_encoder
from lmgeo.train import partial
from lmgeo.train.batches import bucketed_batches
from lmgeo.train.held_out import held_out_loss, unigram_loss
from lmgeo.train.masked_loss import masked_loss
from lmgeo.train.optimization import adamw, descend, rate_at, torch_stream
from lmgeo.train.texts import TrainingText, prepare

BETAS = (0.9, 0.98)
DECAY = "linear"
SAVE_SECONDS = 60.0
RECORD = "training.json"


@dataclass(frozen=True)
class PretrainResult:
    """A finished run.

    Attributes:
        path: the checkpoint folder.
        steps: optimizer steps taken.
        losses: log entries: step, mean training loss (nats) since the last entry, learning rate.
        held_out_loss: nats a masked token, on sentences never trained on.
        unigram_loss: the same for guessing by frequency alone.
    """

    path: Path
    steps: int
    losses: list[dict[str, float]]
    held_out_loss: float
    unigram_loss: float


def pretrain(
    spec: PretrainSpec,
    texts: Sequence[str],
    out: Path,
    progress: Progress = silent,
    on_step: Callable[[int, float], None] | None = None,
    on_checkpoint: Callable[[int, Any], None] | None = None,
    checkpoint_every: int | None = None,
    device: str = "cpu",
) -> PretrainResult:
    """Train one masked language model and leave an ordinary checkpoint in `out`.

    About 5 % of the texts are held out; a WordPiece tokenizer is trained on the rest. Masks are drawn anew
    each step (80 % mask token, 10 % random, 10 % as they are); AdamW (0.9, 0.98) with no decay of biases and
    norm gains, linear warm-up and linear decay to zero, gradients clipped to norm 1. Draws come from the
    streams `init`, `data_order`, `masking` and `dropout` of `spec.seed`. Half-done state is kept beside `out`
    at every `checkpoint_every` steps and once a minute; calling again continues it, on CPU to the same bits.

    Args:
        spec: the run; `minutes` bounds its total time and does not change its result.
        texts: one sequence each.
        out: must not exist, or hold this same run finished.
        progress: told of steps.
        on_step: called with the steps done and the loss of the last one.
        on_checkpoint: called with the steps done and the model, every `checkpoint_every` steps, before the
            state is saved: a run killed in between calls again for that step.
        checkpoint_every: steps; None: no such calls.
        device: where to train.

    Raises:
        NotEnoughData: too few texts.
        SpecError: `out` is taken.
        LmgeoError: the loss is not finite, or `spec.minutes` have passed.
    """
    key = run_key(spec, texts)
    done = _finished(out, key)
    if done is not None:
        return done
    text = prepare(texts, spec)
    model = build_encoder(spec, len(text.tokenizer), text.tokenizer.pad_token_id).to(device)
    optimizer = adamw(model, spec.weight_decay, BETAS)
    state = partial.load(out, key, model, optimizer)
    clock = _Clock(state.seconds)
    model.train()
    for batch in _batches(text, spec, state.step):
        step, rate = state.step, rate_at(state.step, spec.steps, spec.learning_rate, spec.warmup_fraction, DECAY)
        masked, real = text.batch(batch, spec.mask_fraction, numpy_stream(spec.seed, "masking", str(step)))
        with torch_stream(spec.seed, "dropout", str(step)):
            loss = descend(model, optimizer, lambda m=masked, r=real: masked_loss(model, m, r), rate, step)
        state.step += 1
        _log(state, spec.steps, loss, rate)
        progress("steps", state.step, spec.steps)
        if on_step:
            on_step(state.step, loss)
        at_checkpoint = checkpoint_every is not None and state.step % checkpoint_every == 0
        if at_checkpoint and on_checkpoint:
            on_checkpoint(state.step, model)
        if at_checkpoint or clock.save_is_due():
            state.seconds = clock.seconds()
            partial.save(out, key, state, model, optimizer)
            clock.saved()
        _within_minutes(spec, state, clock)
    return _finish(spec, key, text, model, state, clock, out)


def run_key(spec: PretrainSpec, texts: Sequence[str]) -> str:
    """The identity of a run: its settings without the time limit, and its texts."""
    return content_key({**spec.resolved(), "minutes": None, "texts": hash_texts(list(texts))})


def _batches(text: TrainingText, spec: PretrainSpec, start: int) -> Iterator[list[Any]]:
    """The batches of steps `start` to the last; each epoch's order is a stream of its own."""
    lengths = [len(s) for s in text.train]
    step, epoch = 0, 0
    while step < spec.steps:
        random = numpy_stream(spec.seed, "data_order", str(epoch))
        for batch in bucketed_batches(lengths, spec.batch_size, random, keep_rest=False):
            if start <= step < spec.steps:
                yield [text.train[i] for i in batch]
            step += 1
        epoch += 1


def _log(state: partial.RunState, steps: int, loss: float, rate: float) -> None:
    state.recent.append(loss)
    if state.step % max(1, steps // 100) == 0 or state.step == steps:
        mean = sum(state.recent) / len(state.recent)
        state.losses.append({"step": state.step, "loss": mean, "learning_rate": rate})
        state.recent.clear()


class _Clock:
    """Time spent over all sittings, and when to save next."""

    def __init__(self, before: float) -> None:
        self._start = time.monotonic() - before
        self._next = time.monotonic() + SAVE_SECONDS
        self._asked = 0.0

    def seconds(self) -> float:
        return time.monotonic() - self._start

    def save_is_due(self) -> bool:
        self._asked = time.monotonic()
        return self._asked >= self._next

    def saved(self) -> None:
        now = time.monotonic()
        # a large model's save takes long: at most a twentieth of the time goes there
        self._next = now + max(SAVE_SECONDS, 20.0 * (now - self._asked))


def _within_minutes(spec: PretrainSpec, state: partial.RunState, clock: _Clock) -> None:
    if spec.minutes is not None and clock.seconds() > 60.0 * spec.minutes and state.step < spec.steps:
        raise LmgeoError(
            f"pre-training passed its limit of {spec.minutes:g} minutes at step {state.step} of {spec.steps}",
            "raise minutes (the run continues where it was last saved), or ask for fewer steps",
        )


def _finish(
    spec: PretrainSpec, key: str, text: TrainingText, model: Any, state: partial.RunState, clock: _Clock, out: Path
) -> PretrainResult:
    held_out = held_out_loss(model, text, spec.mask_fraction)
    unigram = unigram_loss(text, spec.mask_fraction)
    with folder_in_one_step(out) as folder:
        model.save_pretrained(folder)
        text.tokenizer.save_pretrained(folder)
        record = {
            "key": key,
            "spec": spec.resolved(),
            "steps": state.step,
            "losses": state.losses,
            "held_out_loss": held_out,
            "unigram_loss": unigram,
            "sequences": {"train": len(text.train), "held_out": len(text.held_out)},
            "optimizer": {"name": "AdamW", "betas": BETAS, "decay": DECAY, "clip": 1.0},
            "seconds": round(clock.seconds(), 1),
            "versions": _versions(),
        }
        write_json(folder / RECORD, record)
    partial.remove(out)
    return PretrainResult(out, state.step, state.losses, held_out, unigram)


def _versions() -> dict[str, str]:
    from importlib.metadata import version

    return {name: version(name) for name in ("lmgeo", "torch", "transformers", "tokenizers")}


def _finished(out: Path, key: str) -> PretrainResult | None:
    """The result that stands in `out`, if it is this run's; anything else there is not ours to replace."""
    if not out.exists():
        return None
    record = json.loads((out / RECORD).read_text()) if (out / RECORD).is_file() else {}
    if record.get("key") != key:
        raise SpecError(f"{out} is already there and holds something else", "give a new folder, or remove this one")
    return PretrainResult(out, record["steps"], record["losses"], record["held_out_loss"], record["unigram_loss"])
