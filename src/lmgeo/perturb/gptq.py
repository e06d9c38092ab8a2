"""Every linear layer's weights inside the blocks rounded by GPTQ, block after block."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING, Any

from lmgeo.core.weights import WeightView
from lmgeo.numerics.gptq import gptq
from lmgeo.perturb.declare import PERTURBATIONS, CalibratedSpec, ModelFacts, Perturbation
from lmgeo.perturb.layers import KEPT, matrix, quantized_layers, tensor_of
from lmgeo.perturb.round import RoundSpec, round_factors

if TYPE_CHECKING:
    import torch


class GptqSpec(CalibratedSpec, RoundSpec):
    """Settings of GPTQ: those of rounding to nearest, those of the calibration text, and the order.

    Attributes:
        act_order: whether the inputs of the largest second moment come first.
    """

    act_order: bool = False


def apply_gptq(weights: WeightView, spec: GptqSpec, facts: ModelFacts) -> dict[str, torch.Tensor]:
    """Quantize the first block, then each next one on the inputs that the quantized ones before it give.

    Within a block all layers see its inputs as they were before it was quantized. The layers and their grids
    are those of `round`, so the two differ only in that later weights make up for earlier ones' errors.
    Calibrate on text like that which the model was trained on: on other text the inputs differ, and with
    them the errors that are made up for.

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
            rounded = gptq(matrix(weights, name), moments[name], spec.bits, spec.group, spec.act_order)
            changed[name] = tensor_of(rounded.values, weights[name])
    return weights.map(lambda name, weight: changed.get(name, weight.tensor))


def _factors(spec: GptqSpec) -> dict[str, Any]:
    text = {f"calibration_{name}": getattr(spec, name) for name in CalibratedSpec.model_fields}
    return {**round_factors(spec), "act_order": spec.act_order, **text}


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
