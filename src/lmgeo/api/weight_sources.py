"""Whatever holds weights, as unread tensors: a checkpoint, a module, a state dict, an array."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from lmgeo.core.errors import SpecError

if TYPE_CHECKING:
    from lmgeo.core.tensors import Tensor
    from lmgeo.models.weight_files import StoredWeights

LONE_NAME = "matrix"  # what the object of a single array is called


@dataclass(frozen=True)
class WeightSource:
    """Weights and where they are from.

    Attributes:
        label: as asked for.
        weights: the tensors.
        whole: whether it is a model, of which the unembedding is wanted first, or just matrices.
        content: gives the hash of the weights; None where it is not known.
    """

    label: str
    weights: StoredWeights
    whole: bool
    content: Callable[[], str | None]


def open_weights(model: Any) -> WeightSource:
    """The weights of a model.

    Args:
        model: a checkpoint folder or `hf:ID[@REVISION]`; a torch module, `transformers` models among
            them; a mapping of names to arrays or torch tensors; one array or tensor.

    Raises:
        SpecError: something else, or a checkpoint that cannot be read.
    """
    if isinstance(model, (str, Path)):
        return _of_folder(str(model))
    if hasattr(model, "module") and not isinstance(model, Mapping):
        model = model.module  # a handle's
    if hasattr(model, "named_parameters"):
        return _of_module(model)
    tensors = dict(model) if isinstance(model, Mapping) else {LONE_NAME: model}
    return _of_tensors(type(model).__name__, tensors)


def _of_folder(source: str) -> WeightSource:
    from lmgeo.models.content import content
    from lmgeo.models.source import resolve
    from lmgeo.models.weight_files import read_weights

    local = resolve(source)
    weights = read_weights(local.path, local.label)
    return WeightSource(source, weights, True, lambda: content(local.path)["weights"])


def _of_module(module: Any) -> WeightSource:
    from lmgeo.models.torch_tensors import torch_tensors
    from lmgeo.models.weight_files import StoredWeights

    name = type(module).__name__
    config = module.config.to_dict() if hasattr(getattr(module, "config", None), "to_dict") else {}
    tensors = torch_tensors(dict(module.named_parameters()))
    weights = StoredWeights.of(name, tensors, {**config, "architectures": [name]})
    return WeightSource(name, weights, True, lambda: None)


def _of_tensors(label: str, named: Mapping[Any, Any]) -> WeightSource:
    from lmgeo.models.weight_files import StoredWeights

    tensors = {str(name): _tensor(str(name), value) for name, value in named.items()}
    return WeightSource(label, StoredWeights.of(label, tensors), False, lambda: None)


def _tensor(name: str, value: Any) -> Tensor:
    from lmgeo.core.tensors import ArrayTensor

    if isinstance(value, np.ndarray):
        return ArrayTensor(value)
    if type(value).__module__.partition(".")[0] == "torch":
        from lmgeo.models.torch_tensors import torch_tensors

        if found := torch_tensors({name: value}):
            return found[name]
    raise SpecError(
        f"{name!r} is a {type(value).__name__}, not weights",
        "give a checkpoint folder, hf:ID, a torch module, or arrays by name",
    )
