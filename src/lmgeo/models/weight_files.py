"""The tensors of a checkpoint, unread: no model is built, and safetensors need no torch."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lmgeo.core.errors import SpecError
from lmgeo.core.safetensors import read_header
from lmgeo.core.tensors import Tensor
from lmgeo.models.content import indexed_tensors, read_config, weight_files


@dataclass(frozen=True)
class StoredWeights:
    """A model's tensors by name, and what its configuration says of them.

    Attributes:
        label: what to call the model in messages.
        tensors: in order of name, layer 2 before layer 10.
        config: config.json's content; empty where there is none.
    """

    label: str
    tensors: dict[str, Tensor]
    config: Mapping[str, Any]

    @classmethod
    def of(cls, label: str, tensors: Mapping[str, Tensor], config: Mapping[str, Any] | None = None) -> StoredWeights:
        """Tensors put in order."""
        ordered = {name: tensors[name] for name in sorted(tensors, key=_natural)}
        return cls(label, ordered, {} if config is None else config)


def read_weights(path: Path, label: str | None = None) -> StoredWeights:
    """What is stored in a checkpoint folder; a tensor's values are read when they are asked for.

    Raises:
        SpecError: no checkpoint there, a missing shard, a damaged header, a shard that lacks what the
            index says of it, or a `.bin` file that holds more than tensors.
    """
    config = read_config(path)
    files = weight_files(path)
    tensors: dict[str, Tensor] = {}
    for name, file in files.items():
        if name.endswith(".safetensors"):
            tensors |= read_header(file)[0]
        elif name.endswith(".bin"):
            from lmgeo.models.torch_tensors import read_bin

            tensors |= read_bin(file)
    _refuse_lacking(path, tensors)
    return StoredWeights.of(label or path.resolve().name, tensors, config)


def _refuse_lacking(path: Path, tensors: Mapping[str, Tensor]) -> None:
    lacking = sorted(set(indexed_tensors(path)) - set(tensors))
    if lacking:
        raise SpecError(
            f"the shards in {path} lack {len(lacking)} tensor(s) that their index names: {', '.join(lacking[:5])}",
            "download or save the checkpoint again",
        )


def _natural(name: str) -> list[tuple[int, str]]:
    """Digits compare as numbers."""
    return [(int(part), "") if part.isdecimal() else (-1, part) for part in re.split(r"(\d+)", name)]
