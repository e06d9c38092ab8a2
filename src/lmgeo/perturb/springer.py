"""Gaussian noise on every parameter, scaled by how far it was spread at initialisation."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pydantic import Field

from lmgeo.core.errors import SpecError
from lmgeo.core.seeds import stream_seed
from lmgeo.core.spec.base import Strict
from lmgeo.core.weights import Role, Weight, WeightView
from lmgeo.perturb.declare import PERTURBATIONS, ModelFacts, Perturbation

if TYPE_CHECKING:
    import torch


class SpringerSpec(Strict):
    """Settings of the noise.

    Attributes:
        gamma: strength; 1 adds noise as wide as the first weights were.
        seed: of the draw.
    """

    gamma: float = Field(ge=0)
    seed: int = Field(1, ge=0)


def apply_springer(weights: WeightView, spec: SpringerSpec, facts: ModelFacts) -> dict[str, torch.Tensor]:
    """θ ← θ + ε with ε ~ N(0, γ²·Σ), Σ the diagonal covariance of the initialisation.

    A tensor's spread there is its standard deviation in the model's untrained twin: the configuration's
    `initializer_range` for most matrices and embeddings. What starts out constant (biases, norm gains) has
    none and stays.

    Returns:
        Every tensor by name; untouched ones are the very same objects. At gamma 0 all are.

    Raises:
        SpecError: a gamma so large that a weight is no longer finite.

    Source: Springer et al. 2025 (arXiv 2503.19206), "Overtrained language models are harder to fine-tune".
    """
    if spec.gamma == 0:
        return weights.map(lambda _, weight: weight.tensor)
    spread = facts.initial_spread()

    def change(name: str, weight: Weight) -> torch.Tensor:
        return weight.tensor if spread[name] == 0 else _noisy(name, weight.tensor, spec, spread[name])

    return weights.map(change)


def _noisy(name: str, tensor: torch.Tensor, spec: SpringerSpec, spread: float) -> torch.Tensor:
    import torch

    generator = torch.Generator().manual_seed(stream_seed(spec.seed, "springer", name))
    noise = torch.randn(tensor.shape, generator=generator, dtype=torch.float32).to(tensor.device)
    noisy = (tensor.detach().float() + spec.gamma * spread * noise).to(tensor.dtype)
    if not torch.isfinite(noisy).all():
        raise SpecError(f"gamma {spec.gamma:g} makes {name} infinite", "give a smaller one, e.g. 0.1")
    return noisy


def _factors(spec: SpringerSpec) -> dict[str, Any]:
    return {"gamma": spec.gamma, "noise_seed": spec.seed}


PERTURBATIONS.add(
    "springer",
    Perturbation(
        settings=SpringerSpec,
        apply=apply_springer,
        is_identity=lambda spec: spec.gamma == 0,
        keeps=frozenset({Role.NORM}),
        factors=_factors,
        description="θ ← θ + γ·σ·N(0, 1), σ each tensor's standard deviation in the untrained twin; seeded",
    ),
)
