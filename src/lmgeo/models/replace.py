"""A copy of a module with other parameters."""

from __future__ import annotations

import copy
from collections.abc import Mapping

import torch
from torch import Tensor, nn

from lmgeo.core.errors import SpecError, UnknownName


def with_tensors(module: nn.Module, tensors: Mapping[str, Tensor]) -> nn.Module:
    """A deep copy of `module` in which the named parameters have the given values; ties stay tied.

    Raises:
        UnknownName: a name that is no parameter.
        SpecError: a tensor of another shape.
    """
    parameters = dict(module.named_parameters())
    # deepcopy takes what the memo holds for an object, so replaced values are never copied first
    memo: dict[int, object] = {}
    for name, tensor in tensors.items():
        if name not in parameters:
            raise UnknownName.among("parameter", name, parameters)
        memo[id(parameters[name])] = _parameter(name, tensor, parameters[name])
    return copy.deepcopy(module, memo)


def _parameter(name: str, tensor: Tensor, old: nn.Parameter) -> nn.Parameter:
    if tensor.shape != old.shape:
        raise SpecError(
            f"{name} has shape {tuple(old.shape)}, the new values {tuple(tensor.shape)}", "give values of its shape"
        )
    with torch.no_grad():
        values = torch.empty_like(old, requires_grad=False).copy_(tensor)
    return nn.Parameter(values, requires_grad=old.requires_grad)
