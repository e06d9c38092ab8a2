"""Masked tokens as an objective: sequences of like length together, some of their tokens hidden."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial
from itertools import count, islice

import numpy as np
import torch
from torch import nn

from lmgeo.core.arrays import Int, ndarray
from lmgeo.core.seeds import numpy_stream
from lmgeo.core.spec.pretrain import PretrainSpec
from lmgeo.train.batches import bucketed_batches
from lmgeo.train.held_out import held_out_loss, unigram_loss
from lmgeo.train.masked_loss import masked_loss
from lmgeo.train.masking import Masked
from lmgeo.train.objective import Pass, StepBatch, shared_rows
from lmgeo.train.texts import prepare


class MaskedObjective:
    """Guess the hidden tokens of a batch (Devlin et al. 2019).

    Args:
        spec: the run.
        texts: one sequence each.

    Raises:
        NotEnoughData: too few texts.
    """

    def __init__(self, spec: PretrainSpec, texts: Sequence[str]) -> None:
        self._spec = spec
        self._text = prepare(texts, spec)
        self._lengths = np.array([len(s) for s in self._text.train])
        self.tokenizer = self._text.tokenizer
        self.tokens_a_step: int | None = None
        self.steps = spec.steps if spec.tokens is None else self._steps_for(spec.tokens)
        self.sequences = {"train": len(self._text.train), "held_out": len(self._text.held_out)}

    @property
    def unigram_loss(self) -> float:
        """Nats a masked token when each is guessed by its frequency alone."""
        return unigram_loss(self._text, self._spec.mask_fraction)

    def held_out_loss(self, model: nn.Module) -> float:
        """Mean nats a masked token of the held-out sentences."""
        return held_out_loss(model, self._text, self._spec.mask_fraction)

    def batches(self, start: int) -> Iterator[StepBatch]:
        """The batches of steps `start` to the last."""
        for step, rows in enumerate(islice(self._order(), start, self.steps), start):
            random = numpy_stream(self._spec.seed, "masking", str(step))
            chosen = [self._text.train[i] for i in rows]
            masked, real = self._text.batch(chosen, self._spec.mask_fraction, random)
            yield StepBatch(len(masked.targets), partial(_passes, masked, real))

    def _steps_for(self, tokens: int) -> int:
        """As many optimizer steps as so many tokens take."""
        order = self._order()
        steps = seen = 0
        while seen < tokens:
            seen += int(self._lengths[next(order)].sum())
            steps += 1
        return steps

    def _order(self) -> Iterator[Int[ndarray, " b"]]:
        """Batches without end, as indices; each epoch's order is a stream of its own."""
        for epoch in count():
            random = numpy_stream(self._spec.seed, "data_order", str(epoch))
            yield from bucketed_batches(self._lengths, self._spec.batch_size, random, keep_rest=False)


def _passes(masked: Masked, real: ndarray, rank: int, world: int, most: int | None) -> list[Pass]:
    found = []
    for rows in shared_rows(len(real), rank, world, most):
        part, there = _rows(masked, rows), real[rows]
        if len(part.targets):  # a few sequences may have nothing hidden
            found.append(Pass(partial(_loss_sum, part, there), len(part.targets)))
    return found


def _rows(masked: Masked, rows: slice) -> Masked:
    return Masked(masked.ids[rows], masked.chosen[rows], _targets(masked, rows))


def _targets(masked: Masked, rows: slice) -> ndarray:
    ends = np.cumsum(masked.chosen.sum(axis=1))
    first = 0 if rows.start == 0 else int(ends[rows.start - 1])
    return masked.targets[first : int(ends[rows.stop - 1])]


def _loss_sum(masked: Masked, real: ndarray, model: nn.Module) -> torch.Tensor:
    return masked_loss(model, masked, real) * len(masked.targets)
