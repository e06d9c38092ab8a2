"""What goes into a model's linear layers: second moments of their inputs over a text."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from lmgeo.core.arrays import Float64, ndarray
from lmgeo.core.errors import NotEnoughData, SpecError
from lmgeo.core.tokens import TokenSequence
from lmgeo.data.batching import length_sorted_batches
from lmgeo.models.handle import ModelHandle
from lmgeo.represent.filling import refuse_non_finite
from lmgeo.represent.run import TOKENS_PER_BATCH


def input_second_moments(
    handle: ModelHandle, sequences: Sequence[TokenSequence], layers: Collection[str]
) -> dict[str, Float64[ndarray, "in in"]]:
    """E[x·xᵀ] of each layer's inputs, not centred, over all tokens, padding left out; one pass, in float64.

    Args:
        handle: the model.
        sequences: the text, as the model reads it.
        layers: parameter names of linear layers' matrices.

    Raises:
        NotEnoughData: no token.
        SpecError: a name that is no linear layer's, inputs with NaN or infinity, a layer that no token reaches.
    """
    if not any(len(sequence) for sequence in sequences):
        raise NotEnoughData(f"none of {len(sequences)} calibration sequences has a token", "give texts with words")
    sums = {name: _Sum(f"{handle.label} before {name}") for name in layers}
    with _watched(handle, sums):
        for batch in length_sorted_batches(sequences, TOKENS_PER_BATCH, handle.pad_id):
            mask = torch.from_numpy(batch.mask)
            for one in sums.values():
                one.mask = mask.bool().reshape(-1)
            handle.forward(torch.from_numpy(batch.ids), mask, ())
    return {name: one.mean() for name, one in sums.items()}


class _Sum:
    """Σ x·xᵀ and the number of rows, of one layer."""

    def __init__(self, where: str) -> None:
        self.mask = torch.empty(0, dtype=torch.bool)  # (B·T) of the batch that is passing
        self._where = where
        self._count = 0
        self._products: Tensor | None = None

    def before(self, module: Any, args: tuple[Any, ...]) -> None:
        rows = args[0].reshape(-1, args[0].shape[-1])
        if len(rows) == len(self.mask):  # else no tokens' rows, as of relative positions: all count
            rows = rows[self.mask.to(rows.device)]
        refuse_non_finite(rows, self._where)
        wide = rows.double()
        more = wide.T @ wide
        self._products = more if self._products is None else self._products + more
        self._count += len(rows)

    def mean(self) -> Float64[ndarray, "in in"]:
        if self._products is None or self._count == 0:
            raise SpecError(f"no input came to {self._where}", "give a longer calibration text")
        return np.asarray((self._products / self._count).cpu().numpy())


@contextmanager
def _watched(handle: ModelHandle, sums: dict[str, _Sum]) -> Iterator[None]:
    weights = handle.weights()
    hooks = []
    try:
        for name, one in sums.items():
            if name not in weights or weights[name].input_axis is None:
                raise SpecError(f"{name!r} is no linear layer's matrix in {handle.label}", "name one that is")
            layer: nn.Module = handle.module.get_submodule(name.rpartition(".")[0])
            hooks.append(layer.register_forward_pre_hook(one.before))
        yield
    finally:
        for hook in hooks:
            hook.remove()
