"""Gaussian noise mixed into the weights of the blocks, one seeded stream a tensor."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from pydantic import Field

from lmgeo.core.seeds import stream_seed
from lmgeo.core.spec.base import Strict
from lmgeo.core.weights import Role, Weight, WeightView
from lmgeo.perturb.declare import PERTURBATIONS, Perturbation

if TYPE_CHECKING:
    import torch


class NoiseSpec(Strict):
    """Settings of the noise.

    Attributes:
        alpha: percent; 20 mixes in one fifth of noise.
        seed: of the draw.
        rule: which tensors. `marbut2024`: every weight inside the blocks, norm gains too;
            `matrices`: without the norm gains. Never biases, embeddings, pooler or head.
        scale: `unit` draws N(0, 1); `std` draws with each tensor's own standard deviation.
    """

    alpha: float = Field(ge=0, le=100)
    seed: int = Field(1, ge=0)
    rule: Literal["marbut2024", "matrices"] = "marbut2024"
    scale: Literal["unit", "std"] = "unit"


def is_touched(weight: Weight, rule: str) -> bool:
    """Whether the named rule lets noise into this weight."""
    if weight.block is None or weight.bias:
        return False
    roles = {Role.ATTENTION, Role.MLP, Role.NORM} if rule == "marbut2024" else {Role.ATTENTION, Role.MLP}
    return weight.role in roles


def apply_noise(weights: WeightView, spec: NoiseSpec) -> dict[str, torch.Tensor]:
    """W ← (1 − a)·W + a·s·N(0, 1) with a = alpha / 100 on every touched tensor.

    Returns:
        Every tensor by name; untouched ones are the very same objects.
        At alpha 0 all are.

    Source: Marbut, Chandler, Wheeler 2024, equation 1; seeded here, per tensor name, so a
    tensor's noise does not depend on which other tensors the rule touches.
    """

    def change(name: str, weight: Weight) -> torch.Tensor:
        if spec.alpha == 0 or not is_touched(weight, spec.rule):
            return weight.tensor
        return _mix(name, weight.tensor, spec)

    return weights.map(change)


def _mix(name: str, tensor: torch.Tensor, spec: NoiseSpec) -> torch.Tensor:
    import torch

    generator = torch.Generator().manual_seed(stream_seed(spec.seed, "noise", name))
    noise = torch.randn(tensor.shape, generator=generator, dtype=torch.float32).to(tensor.device)
    values = tensor.detach().float()
    if spec.scale == "std":
        noise = noise * values.std(correction=0)
    a = spec.alpha / 100
    return ((1 - a) * values + a * noise).to(tensor.dtype)


def _factors(spec: NoiseSpec) -> dict[str, Any]:
    return {"alpha": spec.alpha, "noise_seed": spec.seed, "rule": spec.rule, "scale": spec.scale}


PERTURBATIONS.add(
    "noise",
    Perturbation(
        settings=NoiseSpec,
        apply=lambda weights, spec, _: apply_noise(weights, spec),
        is_identity=lambda spec: spec.alpha == 0,
        keeps=frozenset({Role.EMBEDDING, Role.POOLER, Role.HEAD}),
        factors=_factors,
        description="W ← (1 − a)·W + a·N(0, 1) on the weights of the blocks; alpha in percent, seeded",
    ),
)
