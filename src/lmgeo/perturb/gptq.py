"""Every linear layer's weights inside the blocks rounded by GPTQ, block after block."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING, Any

from pydantic import Field

from lmgeo.core.weights import WeightView
from lmgeo.numerics.gptq import gptq
from lmgeo.perturb.declare import PERTURBATIONS, CalibratedSpec, ModelFacts, Perturbation
from lmgeo.perturb.layers import KEPT, matrix, quantized_layers, tensor_of

if TYPE_CHECKING:
    import torch


class GptqSpec(CalibratedSpec):
    """Settings of GPTQ; the calibration text's are `CalibratedSpec`'s.

    Attributes:
        bits: a grid has 2 ** bits levels.
        group: inputs that share a grid; 0: all inputs of an output.
        act_order: whether the inputs of the largest second moment come first.
    """

    bits: int = Field(ge=2, le=8)
    group: int = Field(0, ge=0)
    act_order: bool = False


def apply_gptq(weights: WeightView, spec: GptqSpec, facts: ModelFacts) -> dict[str, torch.Tensor]:
    """Quantize the first block, then each next one on the inputs that the quantized ones before it give.

    Within a block all layers see the inputs of the block as it was. The layers and their grids are those of
    `round`, so the two differ only in that later weights make up for earlier ones' errors.

    Args:
        weights: the model's.
        spec: bits, groups and order.
        facts: gives the second moments.

    Returns:
        Every tensor by name; embeddings, head, norms and biases are the very same objects.

    Raises:
        SpecError: NaN or infinity among weights or inputs; a model without linear layers in its blocks.

    Source: Frantar, Ashkboos, Hoefler, Alistarh 2023, "GPTQ", section 4 for the order of blocks.
    """
    changed: dict[str, torch.Tensor] = {}
    layers = sorted(quantized_layers(weights), key=lambda name: weights[name].block or 0)
    for _, names in groupby(layers, key=lambda name: weights[name].block):
        block = list(names)
        moments = facts.second_moments(changed, block)
        for name in block:
            rounded = gptq(matrix(weights[name]), moments[name], spec.bits, spec.group, spec.act_order)
            changed[name] = tensor_of(rounded.values, weights[name])
    return weights.map(lambda name, weight: changed.get(name, weight.tensor))


def _factors(spec: GptqSpec) -> dict[str, Any]:
    return {"bits": spec.bits, "group": spec.group, "act_order": spec.act_order}


PERTURBATIONS.add(
    "gptq",
    Perturbation(
        settings=GptqSpec,
        apply=apply_gptq,
        is_identity=lambda spec: False,
        keeps=KEPT,
        factors=_factors,
        description="as round, but later weights make up for earlier ones' errors on a calibration text (GPTQ)",
    ),
)
