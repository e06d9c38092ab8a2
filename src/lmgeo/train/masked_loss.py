"""The masked-language-model loss, with the output head run at the masked places only."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import nn

from lmgeo.core.arrays import Bool, ndarray
from lmgeo.train.batches import round_up
from lmgeo.train.masking import Masked

ROWS_STEP = 64  # few shapes, few compiled kernels kept


def masked_loss(model: nn.Module, masked: Masked, real: Bool[ndarray, "b t"]) -> torch.Tensor:
    """Mean cross-entropy (nats) over the masked tokens of a batch."""
    logits = masked_logits(model, masked, real)
    return nn.functional.cross_entropy(logits, torch.from_numpy(masked.targets).to(logits.device))


def masked_logits(model: nn.Module, masked: Masked, real: Bool[ndarray, "b t"]) -> torch.Tensor:
    """Logits at the masked places, (m, V).

    The head costs more than a small model's body, and seven tokens in ten need none: a hook on the
    backbone hands the head the masked rows alone.
    """
    backbone: Any = model.base_model
    device = next(model.parameters()).device
    count = len(masked.targets)
    places = np.zeros(round_up(count, ROWS_STEP), np.int64)
    places[:count] = np.flatnonzero(masked.chosen)
    kept = torch.from_numpy(places).to(device)

    def keep_masked(module: nn.Module, inputs: Any, output: Any) -> Any:
        output.last_hidden_state = output.last_hidden_state.flatten(0, 1)[kept][None]  # (1, m', d)
        return output

    hook = backbone.register_forward_hook(keep_masked)
    try:
        ids, mask = torch.from_numpy(masked.ids).to(device), torch.from_numpy(real).to(device)
        return model(input_ids=ids, attention_mask=mask.long()).logits[0, :count]
    finally:
        hook.remove()
