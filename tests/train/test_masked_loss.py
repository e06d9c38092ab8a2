"""The head at the masked places alone gives the loss of the whole model."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from lmgeo.models.handle import ModelHandle
from lmgeo.train.batches import pad
from lmgeo.train.masked_loss import masked_logits, masked_loss
from lmgeo.train.masking import mask_tokens


def test_loss_and_gradients_equal_the_models_own(encoder: ModelHandle, sentences: list[str]) -> None:
    model = encoder.module.eval()
    ids, real = pad([s.ids for s in encoder.encode(sentences[:10])], encoder.pad_id, 16)
    masked = mask_tokens(ids, real & (ids > 4), 0.3, encoder.mask_id, encoder.vocabulary_size, np.random.default_rng(0))
    labels = np.where(masked.chosen, ids, -100)
    whole = model(
        input_ids=torch.from_numpy(masked.ids),
        attention_mask=torch.from_numpy(real.astype(np.int64)),
        labels=torch.from_numpy(labels),
    ).loss
    sparse = masked_loss(model, masked, real)
    assert sparse.item() == pytest.approx(whole.item(), rel=1e-5)
    parameters = [p for n, p in model.named_parameters() if "pooler" not in n]
    for a, b in zip(torch.autograd.grad(sparse, parameters), torch.autograd.grad(whole, parameters), strict=True):
        torch.testing.assert_close(a, b, atol=1e-6, rtol=1e-4)
    assert masked_logits(model, masked, real).shape == (len(masked.targets), encoder.vocabulary_size)
    assert not model.base_model._forward_hooks
