"""What a perturbation declares, what it may ask of the model, and the registry that finds them."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, Protocol

from pydantic import Field

from lmgeo.core.arrays import Float64, ndarray
from lmgeo.core.registry import Registry
from lmgeo.core.spec.base import Strict
from lmgeo.core.weights import Role, WeightView

if TYPE_CHECKING:
    import torch


class CalibratedSpec(Strict):
    """Settings of a kind that looks at a model's activations: on which text.

    Attributes:
        corpus: where the text comes from; its content enters every key.
        part: all of it, or what a causal model trained on it has seen: lines of the documents that training does
            not hold out, so that a loss on these is not one on the text of the calibration.
        sequences: how many are drawn.
        seed: of the draw.
    """

    corpus: str = "pydocs"
    part: Literal["all", "training"] = "all"
    sequences: int = Field(128, ge=1)
    seed: int = Field(0, ge=0)


class ModelFacts(Protocol):
    """What of a model its weights do not say; worked out only for the kind that asks."""

    def second_moments(
        self, changed: Mapping[str, torch.Tensor], layers: Collection[str]
    ) -> dict[str, Float64[ndarray, "in in"]]:
        """E[x·xᵀ] of the inputs of linear layers, over the calibration text.

        Args:
            changed: tensors that stand in place of the model's own for this pass.
            layers: names of the layers' matrices.
        """
        ...

    def initial_spread(self) -> dict[str, float]:
        """The standard deviation of every parameter in the untrained twin."""
        ...


@dataclass(frozen=True)
class Perturbation:
    """A way to change a model's weights.

    Attributes:
        settings: the spec of its settings; each table factor is one of its fields. A `CalibratedSpec`
            where it asks for second moments.
        apply: weights, settings and what else it may ask of the model → every tensor by name, changed or
            not; never in place.
        is_identity: whether these settings leave the model as it is, bit for bit.
        keeps: roles whose tensors it never changes, whatever the settings.
        factors: settings → the table's columns for them.
        description: one line for the listing.
        version: of the definition; part of every key.
    """

    settings: type[Strict]
    apply: Callable[[WeightView, Any, ModelFacts], dict[str, torch.Tensor]]
    is_identity: Callable[[Any], bool]
    keeps: frozenset[Role]
    factors: Callable[[Any], dict[str, Any]]
    description: str
    version: int = 1


PERTURBATIONS: Registry[Perturbation] = Registry("perturbation", "lmgeo.perturb")
