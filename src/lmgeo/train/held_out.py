"""Held-out loss of a masked language model, and that of guessing by frequency alone."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import torch
from torch import nn

from lmgeo.core.seeds import numpy_stream
from lmgeo.train.masked_loss import masked_logits
from lmgeo.train.masking import Masked
from lmgeo.train.texts import SPLIT_SEED, TrainingText

BATCH_SEQUENCES = 64


def held_out_loss(model: nn.Module, text: TrainingText, fraction: float) -> float:
    """Mean cross-entropy (nats) over the masked held-out tokens; the mask is the same for every run."""
    total, count = 0.0, 0
    was_training = model.training
    model.eval()
    with torch.inference_mode():
        for masked, real in _batches(text, fraction):
            logits = masked_logits(model, masked, real)
            targets = torch.from_numpy(masked.targets).to(logits.device)
            total += nn.functional.cross_entropy(logits, targets, reduction="sum").item()
            count += len(masked.targets)
    model.train(was_training)
    return total / count


def unigram_loss(text: TrainingText, fraction: float) -> float:
    """The same loss when each token is guessed by its frequency in the training part."""
    targets = np.concatenate([masked.targets for masked, _ in _batches(text, fraction)])
    return float(-text.log_unigram[targets].mean())


def _batches(text: TrainingText, fraction: float) -> Iterator[tuple[Masked, np.ndarray]]:
    random = numpy_stream(SPLIT_SEED, "held_out_mask")
    ordered = sorted(text.held_out, key=len)
    for start in range(0, len(ordered), BATCH_SEQUENCES):
        yield text.batch(ordered[start : start + BATCH_SEQUENCES], fraction, random)
