"""Every linear layer's weights inside the blocks rounded to the nearest of a few levels."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pydantic import Field

from lmgeo.core.spec.base import Strict
from lmgeo.core.weights import WeightView
from lmgeo.numerics.rounding import round_to_nearest
from lmgeo.perturb.declare import PERTURBATIONS, Perturbation
from lmgeo.perturb.layers import KEPT, matrix, quantized_layers, tensor_of

if TYPE_CHECKING:
    import torch


class RoundSpec(Strict):
    """Settings of rounding to nearest.

    Attributes:
        bits: a grid has 2 ** bits levels.
        group: inputs that share a grid; 0: all inputs of an output.
    """

    bits: int = Field(ge=2, le=8)
    group: int = Field(0, ge=0)


def apply_round(weights: WeightView, spec: RoundSpec) -> dict[str, torch.Tensor]:
    """Each weight of the blocks' linear layers at the nearest level of its output's grid.

    Returns:
        Every tensor by name; embeddings, head, norms and biases are the very same objects.

    Raises:
        SpecError: NaN or infinity among the weights; a model without such layers.
    """
    changed = {name: weight.tensor for name, weight in weights.items()}
    for name in quantized_layers(weights):
        rounded = round_to_nearest(matrix(weights[name]), spec.bits, spec.group)
        changed[name] = tensor_of(rounded.values, weights[name])
    return changed


def _factors(spec: RoundSpec) -> dict[str, Any]:
    return {"bits": spec.bits, "group": spec.group}


PERTURBATIONS.add(
    "round",
    Perturbation(
        settings=RoundSpec,
        apply=lambda weights, spec, _: apply_round(weights, spec),
        is_identity=lambda spec: False,
        keeps=KEPT,
        factors=_factors,
        description="weights of the blocks' linear layers at the nearest of 2^bits levels, a grid for each output",
    ),
)
