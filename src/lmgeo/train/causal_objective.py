"""The next token as an objective: windows of one packed stream of documents."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from itertools import count
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import nn

from lmgeo.core.arrays import Int, ndarray
from lmgeo.core.errors import NotEnoughData
from lmgeo.core.seeds import numpy_stream
from lmgeo.core.spec.pretrain import PretrainSpec
from lmgeo.train.objective import Pass, StepBatch, shared_rows

if TYPE_CHECKING:
    from lmgeo.data.token_files import TokenFile
    from lmgeo.train.causal_text import CausalText

HELD_OUT_WINDOWS = 256  # of the loss in a run's own record; studies score on whole documents
EVAL_SEQUENCES = 32


class CausalObjective:
    """Guess each token of a window from those before it.

    Args:
        spec: the run.
        text: its packed tokens.

    Raises:
        NotEnoughData: fewer windows than a batch has sequences.
    """

    def __init__(self, spec: PretrainSpec, text: CausalText) -> None:
        self._spec, self._text = spec, text
        self._windows = text.train.windows(spec.max_length)
        if self._windows < spec.batch_size:
            raise NotEnoughData(
                f"{self._windows} windows of {spec.max_length} tokens are fewer than the batch_size {spec.batch_size}",
                "give a longer corpus, or a smaller batch or max_length",
            )
        self.tokenizer = text.tokenizer
        self.tokens_a_step: int | None = spec.batch_size * spec.max_length
        self.steps = spec.planned_steps or 0
        self.sequences = {"train": self._windows, "held_out": text.held_out.windows(spec.max_length)}

    @property
    def unigram_loss(self) -> float:
        """Nats a token when each is guessed by its frequency alone, on the same windows."""
        return float(-self._text.log_unigram[self._held_out()[:, 1:]].mean())

    def held_out_loss(self, model: nn.Module) -> float:
        """Mean nats a token over the first 256 windows of the held-out documents, separators included."""
        ids = torch.from_numpy(self._held_out())
        was_training = model.training
        model.eval()
        with torch.inference_mode():
            parts = [_loss_sum(part, model).double().item() for part in ids.split(EVAL_SEQUENCES)]
        model.train(was_training)
        return sum(parts) / ids[:, 1:].numel()

    def batches(self, start: int) -> Iterator[StepBatch]:
        """The batches of steps `start` to the last: each epoch goes through the windows in an order of its own."""
        size = self._spec.batch_size
        a_pass = self._windows // size
        for epoch in count(start // a_pass):
            order = numpy_stream(self._spec.seed, "data_order", str(epoch)).permutation(self._windows)
            for step in range(max(start, epoch * a_pass), (epoch + 1) * a_pass):
                if step == self.steps:
                    return
                rows = order[(step % a_pass) * size :][:size]
                ids = _windows(self._text.train, rows, self._spec.max_length)
                yield StepBatch(size * self._spec.max_length, partial(_passes, ids))

    def _held_out(self) -> Int[ndarray, "w t"]:
        """As many held-out windows as there are, at most 256."""
        length = self._spec.max_length
        there = min(HELD_OUT_WINDOWS, self._text.held_out.windows(length))
        return _windows(self._text.held_out, np.arange(there), length)


def _windows(tokens: TokenFile, rows: Int[ndarray, " b"], length: int) -> Int[ndarray, "b t"]:
    return np.stack([tokens.window(int(row), length) for row in rows]).astype(np.int64)


def _passes(ids: Int[ndarray, "b t"], rank: int, world: int, most: int | None) -> list[Pass]:
    parts = [torch.from_numpy(ids[rows]) for rows in shared_rows(len(ids), rank, world, most)]
    return [Pass(partial(_loss_sum, part), part[:, 1:].numel()) for part in parts]


def _loss_sum(ids: torch.Tensor, model: nn.Module) -> torch.Tensor:
    """Summed nats of every token but the first of each row, (B, T + 1)."""
    ids = ids.to(next(model.parameters()).device)
    logits = model(input_ids=ids[:, :-1], use_cache=False).logits  # (B, T, V)
    return nn.functional.cross_entropy(logits.flatten(0, 1).float(), ids[:, 1:].flatten(), reduction="sum")
