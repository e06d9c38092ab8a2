"""`.safetensors`: every tensor of numbers, mapped without torch."""

from __future__ import annotations

from pathlib import Path

from lmgeo.core.arrays import ndarray
from lmgeo.core.safetensors import NUMBERS, read_header
from lmgeo.data.clouds.kinds import FORMATS, CloudFormat


def read_safetensors(path: Path) -> tuple[dict[str, ndarray], list[tuple[str, str]]]:
    """Every tensor, memory-mapped; bfloat16 is widened to float32."""
    tensors, _ = read_header(path)
    arrays = {name: tensors[name].mapped() for name in sorted(tensors) if tensors[name].dtype in NUMBERS}
    left_out = [
        (name, f"its values are {tensors[name].dtype}, not real numbers numpy knows")
        for name in sorted(set(tensors) - set(arrays))
    ]
    return arrays, left_out


FORMATS.add(".safetensors", CloudFormat(".safetensors", "named tensors, memory-mapped", read_safetensors))
