"""A model's body with a pooled head of our own: the same head for every family, encoder or decoder."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any

import torch
from torch import nn

from lmgeo.train.optimization import torch_stream

if TYPE_CHECKING:
    from lmgeo.models.handle import ModelHandle

HEAD_DROPOUT = 0.1


class PooledHead(nn.Module):
    """Dropout, linear, tanh, dropout, linear: pooled vectors (B, p) to outputs (B, k)."""

    def __init__(self, pooled: int, width: int, outputs: int) -> None:
        super().__init__()
        self.dense = nn.Linear(pooled, width)
        self.dropout = nn.Dropout(HEAD_DROPOUT)
        self.out = nn.Linear(width, outputs)
        for layer in (self.dense, self.out):
            # by fan-in: a fixed 0.02 is too small for narrow models to leave their start
            nn.init.normal_(layer.weight, std=layer.in_features**-0.5)
            nn.init.zeros_(layer.bias)

    def forward(self, pooled: torch.Tensor) -> torch.Tensor:
        """(B, p) → (B, k)."""
        return self.out(self.dropout(torch.tanh(self.dense(self.dropout(pooled)))))


class PooledModel(nn.Module):
    """Body, pooling and head.

    The head sees two vectors of the last hidden states side by side: one token's, which has attended to the
    whole text (an encoder's first, a decoder's last real one), and the mean over the real tokens, special
    ones included. Small models learn what order two sentences stand in from the first alone, and how much
    they overlap from the mean alone.
    """

    def __init__(self, body: nn.Module, width: int, outputs: int, decoder: bool) -> None:
        super().__init__()
        self.body = body
        self.head = PooledHead(2 * width, width, outputs)
        self._decoder = decoder
        self._options = {"use_cache": False} if decoder else {}
        # by the config, not the signature: GPT-2 takes token_type_ids too, and adds word embeddings for them
        config: Any = getattr(body, "config", None)
        self._takes_segments = (getattr(config, "type_vocab_size", 0) or 0) > 1

    def forward(self, ids: torch.Tensor, mask: torch.Tensor, segments: torch.Tensor) -> torch.Tensor:
        """Token ids, attention mask and segments, (B, T) each → outputs (B, k)."""
        extra = {"token_type_ids": segments} if self._takes_segments else {}
        states = self.body(input_ids=ids, attention_mask=mask, **self._options, **extra)
        hidden = states.last_hidden_state  # (B, T, d)
        token = pool_last(hidden, mask) if self._decoder else hidden[:, 0]
        return self.head(torch.cat([token, pool_mean(hidden, mask)], dim=1))


def pool_mean(hidden: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
    """Mean of the unmasked positions: (B, T, d) → (B, d)."""
    weight = mask.unsqueeze(-1).to(hidden.dtype)
    return (hidden * weight).sum(1) / weight.sum(1).clamp(min=1.0)


def pool_last(hidden: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
    """The last unmasked position of each row, padding being on the right: (B, T, d) → (B, d)."""
    last = (mask.sum(1) - 1).clamp(min=0)
    return hidden[torch.arange(len(hidden), device=hidden.device), last]


def pooled_copy(handle: ModelHandle, outputs: int, seed: int) -> PooledModel:
    """A trainable float32 copy of the handle's body under a fresh head from the stream `head`."""
    body = copy.deepcopy(handle.backbone).float().requires_grad_(True)
    with torch_stream(seed, "head"):
        model = PooledModel(body, handle.width, outputs, handle.is_decoder)
    return model.to(next(body.parameters()).device)
