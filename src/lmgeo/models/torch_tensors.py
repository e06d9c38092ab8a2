"""Torch tensors, and the `.bin` files that hold them, as unread tensors."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, final

from lmgeo.core.arrays import ndarray
from lmgeo.core.errors import SpecError

if TYPE_CHECKING:
    import torch

_NAMES = {
    "float64": "F64",
    "float32": "F32",
    "float16": "F16",
    "bfloat16": "BF16",
    "float8_e4m3fn": "F8_E4M3",
    "float8_e5m2": "F8_E5M2",
}


@final
class TorchTensor:
    """A torch tensor, read a few rows at a time; what lies in a mapped file stays there until then."""

    def __init__(self, tensor: torch.Tensor) -> None:
        self._tensor = tensor.detach()

    @property
    def shape(self) -> tuple[int, ...]:
        """As it is."""
        return tuple(self._tensor.shape)

    @property
    def dtype(self) -> str:
        """What it is stored in, in the words of safetensors."""
        own = str(self._tensor.dtype).removeprefix("torch.")
        return _NAMES.get(own, own)

    def read(self, start: int = 0, stop: int | None = None) -> ndarray:
        """Some rows; types narrower than float32 are widened to it."""
        rows = self._tensor[start:stop].cpu()
        return (rows.float() if rows.dtype.itemsize < 4 else rows).numpy()


def torch_tensors(named: Mapping[str, Any]) -> dict[str, TorchTensor]:
    """The tensors among the values of a state dict, by name."""
    import torch

    return {str(name): TorchTensor(value) for name, value in named.items() if isinstance(value, torch.Tensor)}


def read_bin(file: Path) -> dict[str, TorchTensor]:
    """The tensors of a `.bin` file, mapped where its format allows; nothing it holds is run.

    Raises:
        SpecError: it holds more than tensors, or cannot be read.
    """
    import torch

    try:
        try:
            held = torch.load(file, map_location="cpu", weights_only=True, mmap=True)
        except RuntimeError:  # the format before torch 1.6 cannot be mapped
            held = torch.load(file, map_location="cpu", weights_only=True)
        return torch_tensors(held)
    except Exception as error:  # pickle, zip and torch each raise their own kinds
        lines = [line.strip() for line in str(error).splitlines() if line.strip()]
        reason = lines[0][:200] if lines else type(error).__name__
        mend = "a .bin file is read only if it holds nothing but tensors: save the model again as safetensors"
        raise SpecError(f"{file} cannot be read: {reason}", mend) from error
