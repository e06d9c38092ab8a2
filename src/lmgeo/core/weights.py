"""A model's weights as the rest of the project sees them: name → tensor with its role."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import torch


class Role(StrEnum):
    """What a parameter is for, whatever its model family calls it."""

    EMBEDDING = "embedding"
    ATTENTION = "attention"
    MLP = "mlp"
    NORM = "norm"
    HEAD = "head"
    POOLER = "pooler"


@dataclass(frozen=True)
class Weight:
    """One parameter.

    Attributes:
        tensor: its values; never changed in place by a reader.
        role: what it is for.
        block: index of the encoder or decoder block it sits in; None outside the blocks.
        bias: whether it is an additive bias (False for norm gains).
        input_axis: of a linear layer's matrix, the axis of its inputs: 1 as a rule, 0 in families that keep
            it the other way round; None: no linear layer's matrix.
    """

    tensor: torch.Tensor
    role: Role
    block: int | None
    bias: bool
    input_axis: int | None = None


class WeightView(Mapping[str, Weight]):
    """Parameters by dotted name, in the model's own order."""

    def __init__(self, weights: Mapping[str, Weight]) -> None:
        self._weights = dict(weights)

    def __getitem__(self, name: str) -> Weight:
        return self._weights[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._weights)

    def __len__(self) -> int:
        return len(self._weights)

    def map(self, change: Callable[[str, Weight], torch.Tensor]) -> dict[str, torch.Tensor]:
        """New tensors for every name, from a function of name and weight."""
        return {name: change(name, weight) for name, weight in self.items()}
