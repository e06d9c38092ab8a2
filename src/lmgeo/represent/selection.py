"""Which rows of a batch a token policy keeps, and where each comes from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import get_args

import numpy as np
import torch
from torch import Tensor

from lmgeo.core.arrays import Bool, Int, ndarray
from lmgeo.core.errors import UnknownName
from lmgeo.core.spec.blocks import TokenPolicy
from lmgeo.data.batching import Batch
from lmgeo.states.batch import RowBatch

POLICIES: tuple[str, ...] = get_args(TokenPolicy)


@dataclass(frozen=True)
class Selection:
    """The rows kept of one batch, worked out once for all its sites.

    Attributes:
        flat: index of each row among the batch's B·T places.
        sequence, position, special: where each row comes from; of a mean, position 0 and not special.
        weights: (B, T), each place's share in its sequence's mean; None unless the policy is `mean`.
        places: B·T.
    """

    flat: Int[ndarray, " n"]
    sequence: Int[ndarray, " n"]
    position: Int[ndarray, " n"]
    special: Bool[ndarray, " n"]
    weights: Tensor | None
    places: int

    def __len__(self) -> int:
        return len(self.sequence)

    def rows(self, state: Tensor) -> Tensor:
        """The kept rows of hidden states (B, T, d): (n, d) in float32, on the device where they are."""
        if self.weights is not None:
            # in float64, so that how the batch was padded does not show
            mean = torch.bmm(self.weights.to(state.device)[:, None, :], state.double())
            return mean[:, 0, :].float()
        flat = state.reshape(self.places, state.shape[-1])
        if len(self.flat) < self.places:
            flat = flat.index_select(0, torch.from_numpy(self.flat).to(state.device))
        return flat.float()

    def batch(self, state: Tensor) -> RowBatch:
        """The same with where each row comes from."""
        return RowBatch(self.rows(state), self.sequence, self.position, self.special)


def select(batch: Batch, policy: str) -> Selection:
    """What `policy` keeps of a batch.

    Args:
        batch: padded on the right.
        policy: `all` tokens, special ones included; `content`: without special ones; `last`: the last
            token; `mean`: one row a sequence, over all its tokens.

    Raises:
        UnknownName: another policy.
    """
    if policy not in POLICIES:
        raise UnknownName.among("token policy", policy, POLICIES)
    return _means(batch) if policy == "mean" else _tokens(batch, policy)


def _tokens(batch: Batch, policy: str) -> Selection:
    present = batch.mask != 0
    width = present.shape[1]
    if policy == "content":
        present = present & ~batch.special
    elif policy == "last":
        present = np.arange(width) == present.sum(axis=1, keepdims=True) - 1
    flat = np.flatnonzero(present)
    row, position = np.divmod(flat, width)
    return Selection(flat, batch.index[row], position, batch.special.reshape(-1)[flat], None, present.size)


def _means(batch: Batch) -> Selection:
    present = (batch.mask != 0).astype(np.float64)
    weights = torch.from_numpy(present / present.sum(axis=1, keepdims=True))
    n = len(batch.index)
    return Selection(np.arange(n), batch.index, np.zeros(n, np.int64), np.zeros(n, np.bool_), weights, present.size)
