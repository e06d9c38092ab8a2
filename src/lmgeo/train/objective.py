"""What a training run learns from: batches in their order, and the loss of each."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Protocol

import torch
from torch import nn


@dataclass(frozen=True)
class Pass:
    """What goes through the model at once.

    Attributes:
        loss_sum: the model → summed nats over what it has to guess, a scalar with gradient.
        guesses: how many tokens it has to guess.
    """

    loss_sum: Callable[[nn.Module], torch.Tensor]
    guesses: int


@dataclass(frozen=True)
class StepBatch:
    """One optimizer step's data, before it is shared among processes and passes.

    Attributes:
        guesses: tokens to be guessed in all of it: losses are means over these.
        passes: for one process of several, and the sequences of a pass → its passes.
    """

    guesses: int
    passes: Callable[[int, int, int | None], list[Pass]]


class Objective(Protocol):
    """The text of a run with its kind of loss.

    Attributes:
        steps: optimizer steps of the run.
        tokens_a_step: tokens a model sees in a step; None: steps differ.
        tokenizer: of the text.
        sequences: how many the training and the held-out part have.
    """

    steps: int
    tokens_a_step: int | None
    tokenizer: Any
    sequences: dict[str, int]

    @property
    def unigram_loss(self) -> float:
        """Mean nats a guess by frequency in the training part alone, on the held-out part."""

    def batches(self, start: int) -> Iterator[StepBatch]:
        """The batches of steps `start` (from 0) to the last; each depends on its step and the seeds alone."""

    def held_out_loss(self, model: nn.Module) -> float:
        """Mean nats a guess on text never trained on; the same guesses for every run on the text."""


def shared_rows(count: int, rank: int, world: int, most: int | None) -> list[slice]:
    """Which of `count` sequences one process of `world` takes, in passes of at most `most` of them."""
    bounds = [count * r // world for r in (rank, rank + 1)]
    step = most or max(1, bounds[1] - bounds[0])
    return [slice(start, min(start + step, bounds[1])) for start in range(bounds[0], bounds[1], step)]
