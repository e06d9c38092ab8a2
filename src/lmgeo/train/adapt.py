"""Fine-tune a copy of a language model on another corpus."""

from __future__ import annotations

import copy
from collections.abc import Iterator, Sequence
from functools import partial
from itertools import count, islice
from typing import Any

import numpy as np
import torch
from torch import nn

from lmgeo.core.arrays import Int, ndarray
from lmgeo.core.errors import NotEnoughData
from lmgeo.core.progress import Progress, silent
from lmgeo.core.seeds import numpy_stream
from lmgeo.core.spec.losses import AdaptSpec
from lmgeo.core.spec.pretrain import Schedule
from lmgeo.models.handle import ModelHandle
from lmgeo.train.documents import read_documents, window_length
from lmgeo.train.optimization import adamw, descend, rate_at, torch_stream

BETAS = (0.9, 0.999)
DECAY: Schedule = "linear"


def adapt(
    handle: ModelHandle, documents: Sequence[str], settings: AdaptSpec, seed: int, progress: Progress = silent
) -> ModelHandle:
    """A copy of a decoder, trained on documents to predict the next token; `handle` is left as it is.

    Documents, in an order drawn once, are laid end to end, each behind the separator, and cut into windows of
    `max_length` inputs, as many as the run can use; each epoch takes the windows in a new order. All weights are
    trained: AdamW, warm-up as set, linear decay to zero, gradients clipped to norm 1. Draws come from the streams
    `documents`, `data_order` and `dropout` of `seed`.

    Args:
        handle: a decoder with its head and tokenizer.
        documents: what to train on; hold back what its loss is to be taken on.
        settings: the run; its `corpus` and `seeds` are the caller's to use.
        seed: of this run.
        progress: told of steps.

    Raises:
        SpecError: a model that is no decoder.
        NotEnoughData: the documents do not fill one window.
        LmgeoError: the loss is not finite.
    """
    length = window_length(handle, settings.max_length)
    packed = packed_windows(handle, documents, length, settings.steps * settings.batch_size, seed)
    model: Any = copy.deepcopy(handle.module).float().requires_grad_(True)
    optimizer = adamw(model, settings.weight_decay, BETAS)
    model.train()
    for step, rows in enumerate(islice(_batches(len(packed), settings.batch_size, seed), settings.steps)):
        rate = rate_at(step, settings.steps, settings.learning_rate, settings.warmup_fraction, DECAY)
        windows = torch.from_numpy(packed[rows]).to(handle.device)
        with torch_stream(seed, "dropout", str(step)):
            descend(model, optimizer, partial(next_token_loss, model, windows), rate, step)
        progress("fine-tuning", step + 1, settings.steps)
    notes = (*handle.notes, f"fine-tuned for {settings.steps} steps, seed {seed}")
    return ModelHandle(model, f"{handle.label} (fine-tuned)", lambda: handle.tokenizer, notes)


def packed_windows(
    handle: ModelHandle, documents: Sequence[str], length: int, most: int, seed: int
) -> Int[ndarray, "n w"]:
    """Windows of `length` inputs and one target more, at most `most`, from documents laid end to end.

    A window begins with the last one's end; what does not fill a window is left over.

    Raises:
        NotEnoughData: not one window.
    """
    order = numpy_stream(seed, "documents").permutation(len(documents))
    text = read_documents(handle, [documents[i] for i in order], most * length + 1)
    stream = np.concatenate(text.ids).astype(np.int64)
    found = (len(stream) - 1) // length
    if found == 0:
        raise NotEnoughData(
            f"{len(documents)} documents hold {len(stream)} tokens, less than one window of {length}",
            "give more text, or a smaller max_length",
        )
    starts = np.arange(min(found, most)) * length
    return stream[starts[:, None] + np.arange(length + 1)]


def next_token_loss(model: nn.Module, windows: torch.Tensor) -> torch.Tensor:
    """Mean cross-entropy (nats) of each token of full windows (B, W) but the first, from those before it."""
    logits = model(input_ids=windows[:, :-1], use_cache=False).logits  # (B, W - 1, V)
    return nn.functional.cross_entropy(logits.flatten(0, 1).float(), windows[:, 1:].flatten())


def _batches(windows: int, batch_size: int, seed: int) -> Iterator[Int[ndarray, " b"]]:
    """Batches without end; each epoch's order is a stream of its own, and its rest is left over."""
    size = min(batch_size, windows)
    for epoch in count():
        order = numpy_stream(seed, "data_order", str(epoch)).permutation(windows)
        for start in range(0, windows - size + 1, size):
            yield order[start : start + size]
