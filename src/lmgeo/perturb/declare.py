"""What a perturbation declares, and the registry that finds them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from lmgeo.core.registry import Registry
from lmgeo.core.spec.base import Strict
from lmgeo.core.weights import Role, WeightView

if TYPE_CHECKING:
    import torch


@dataclass(frozen=True)
class Perturbation:
    """A way to change a model's weights.

    Attributes:
        settings: the spec of its settings; each table factor is one of its fields.
        apply: weights and settings → every tensor by name, changed or not; never in place.
        is_identity: whether these settings leave the model as it is, bit for bit.
        keeps: roles whose tensors it never changes, whatever the settings.
        factors: settings → the table's columns for them.
        description: one line for the listing.
        version: of the definition; part of every key.
    """

    settings: type[Strict]
    apply: Callable[[WeightView, Any], dict[str, torch.Tensor]]
    is_identity: Callable[[Any], bool]
    keeps: frozenset[Role]
    factors: Callable[[Any], dict[str, Any]]
    description: str
    version: int = 1


PERTURBATIONS: Registry[Perturbation] = Registry("perturbation", "lmgeo.perturb")
