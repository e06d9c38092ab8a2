"""`.safetensors`: its header is JSON and its data plain bytes, so it is mapped without torch."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import numpy as np

from lmgeo.core.arrays import ndarray
from lmgeo.data.clouds.kinds import FORMATS, CloudFormat, damaged

_TYPES = {
    "F64": "<f8", "F32": "<f4", "F16": "<f2",
    "I64": "<i8", "I32": "<i4", "I16": "<i2", "I8": "i1",
    "U64": "<u8", "U32": "<u4", "U16": "<u2", "U8": "u1",
}  # fmt: skip
_MOST_HEADER_BYTES = 100_000_000  # the format's own limit


def read_safetensors(path: Path) -> tuple[dict[str, ndarray], list[tuple[str, str]]]:
    """Every tensor, memory-mapped; bfloat16 is widened to float32.

    Source: https://github.com/huggingface/safetensors#format
    """
    arrays: dict[str, ndarray] = {}
    left_out: list[tuple[str, str]] = []
    try:
        header, start = _header(path)
        for name in sorted(header):
            entry = header[name]
            if entry["dtype"] in _TYPES or entry["dtype"] == "BF16":
                arrays[name] = _tensor(path, entry, start)
            else:
                left_out.append((name, f"its values are {entry['dtype']}, not real numbers numpy knows"))
    except (KeyError, TypeError, ValueError, AttributeError, EOFError) as error:
        raise damaged(path, error) from error
    return arrays, left_out


def _header(path: Path) -> tuple[dict[str, Any], int]:
    size = path.stat().st_size
    with path.open("rb") as file:
        length = int.from_bytes(file.read(8), "little")
        if size < 8 or length > min(size - 8, _MOST_HEADER_BYTES):
            raise ValueError("its header is cut short")
        header = json.loads(file.read(length))
    header.pop("__metadata__", None)
    return header, 8 + length


def _tensor(path: Path, entry: dict[str, Any], start: int) -> ndarray:
    begin, end = entry["data_offsets"]
    shape = tuple(entry["shape"])
    brain = entry["dtype"] == "BF16"
    dtype = np.dtype("<u2" if brain else _TYPES[entry["dtype"]])
    if begin < 0 or min(shape, default=0) < 0 or end - begin != math.prod(shape) * dtype.itemsize:
        raise ValueError(f"the offsets {begin}, {end} do not fit the shape {list(shape)}")
    if start + end > path.stat().st_size:
        raise ValueError("its data are cut short")
    if math.prod(shape) == 0:
        return np.empty(shape, dtype=np.float32 if brain else dtype)
    array = np.memmap(path, dtype=dtype, mode="r", offset=start + begin, shape=shape)
    # bfloat16 is the upper half of a float32
    return (array.astype(np.uint32) << 16).view(np.float32) if brain else array


FORMATS.add(".safetensors", CloudFormat(".safetensors", "named tensors, memory-mapped", read_safetensors))
