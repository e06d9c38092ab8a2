"""The layers that quantization changes: every linear one inside the blocks, and no other tensor."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from lmgeo.core.arrays import Float64, ndarray
from lmgeo.core.errors import SpecError
from lmgeo.core.weights import Role, Weight, WeightView

if TYPE_CHECKING:
    import torch

KEPT = frozenset({Role.EMBEDDING, Role.NORM, Role.HEAD, Role.POOLER})
_CHANGED = frozenset({Role.ATTENTION, Role.MLP})


def quantized_layers(weights: WeightView) -> list[str]:
    """Names of the matrices of attention's and the MLP's linear layers, in the model's order.

    Raises:
        SpecError: there is none, or weights of a block are held in an array of more axes (experts kept as one).
    """
    inside = {name: w for name, w in weights.items() if w.block is not None and w.role in _CHANGED}
    stacked = [name for name, w in inside.items() if w.tensor.ndim > 2]
    if stacked:
        shape = tuple(inside[stacked[0]].tensor.shape)
        raise SpecError(f"{stacked[0]} has shape {shape}: no linear layer's matrix", "give a model without experts")
    found = [name for name, w in inside.items() if w.input_axis is not None]
    if not found:
        raise SpecError("the model has no linear layer inside its blocks", "give a transformer")
    return found


def matrix(weight: Weight) -> Float64[ndarray, "out in"]:
    """A layer's matrix with one row for each output, in float64; a copy."""
    values = weight.tensor.detach().cpu().double().numpy()
    return np.array(values.T if weight.input_axis == 0 else values, order="C")


def tensor_of(values: Float64[ndarray, "out in"], weight: Weight) -> torch.Tensor:
    """The inverse of `matrix`: a tensor laid out, typed and placed as the layer's own."""
    import torch

    laid_out = np.ascontiguousarray(values.T if weight.input_axis == 0 else values)
    return torch.from_numpy(laid_out).to(weight.tensor.dtype).to(weight.tensor.device)
