"""`.safetensors` without torch: a JSON header, then plain bytes.

Source: https://github.com/huggingface/safetensors#format
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from lmgeo.core.arrays import ndarray
from lmgeo.core.errors import SpecError, first_line

# the format's number types as numpy stores them; bfloat16 is the upper half of a float32
NUMBERS = {
    "F64": "<f8", "F32": "<f4", "F16": "<f2", "BF16": "<u2",
    "I64": "<i8", "I32": "<i4", "I16": "<i2", "I8": "i1",
    "U64": "<u8", "U32": "<u4", "U16": "<u2", "U8": "u1",
}  # fmt: skip
_NAMES = {np.dtype(code): name for name, code in NUMBERS.items() if name != "BF16"}
_MOST_HEADER_BYTES = 100_000_000  # the format's own limit


@dataclass(frozen=True)
class StoredTensor:
    """One tensor of a file, unread.

    Attributes:
        file: where it lies.
        dtype: its number type in the format's words: `F32`, `BF16`, `F8_E4M3` …
        shape: as stored.
        offset: of its first byte in the file.
    """

    file: Path
    dtype: str
    shape: tuple[int, ...]
    offset: int

    def read(self, start: int = 0, stop: int | None = None) -> ndarray:
        """Its rows from `start` to `stop`, as a slice has them, all by default; bfloat16 is widened to float32.

        Only these bytes are read, and none is kept by the file system's mapping.
        """
        start, stop, _ = slice(start, stop).indices(self.shape[0])
        count, row, code = max(stop - start, 0), math.prod(self.shape[1:]), np.dtype(NUMBERS[self.dtype])
        flat = np.fromfile(self.file, code, count * row, offset=self.offset + start * row * code.itemsize)
        return self._widened(flat).reshape(count, *self.shape[1:])

    def mapped(self) -> ndarray:
        """All of it as a read-only view of the file; bfloat16 is widened to float32, in memory."""
        if math.prod(self.shape) == 0:
            return self._widened(np.empty(self.shape, NUMBERS[self.dtype]))
        view = np.memmap(self.file, NUMBERS[self.dtype], "r", self.offset, self.shape)
        return self._widened(view)

    def _widened(self, stored: ndarray) -> ndarray:
        if self.dtype != "BF16":
            return stored
        wide = stored.astype(np.uint32)
        wide <<= 16
        return wide.view(np.float32)


def read_header(file: Path) -> tuple[dict[str, StoredTensor], dict[str, str]]:
    """Every tensor of a file by name, and what its writer noted; every offset is checked.

    Raises:
        SpecError: the file is cut short, or is none.
    """
    try:
        entries, start, size = _entries(file)
        notes = entries.pop("__metadata__", {})
        tensors = {name: _tensor(file, entry, start, size) for name, entry in entries.items()}
        return tensors, {str(k): str(v) for k, v in notes.items()}
    except (KeyError, TypeError, ValueError, AttributeError, RecursionError) as error:
        reason = first_line(error)
        mend = "write, download or save it again, whole"
        raise SpecError(f"{file} cannot be read as {file.suffix}: {reason}", mend) from error


def _entries(file: Path) -> tuple[dict[str, Any], int, int]:
    size = file.stat().st_size
    with file.open("rb") as handle:
        length = int.from_bytes(handle.read(8), "little")
        if size < 8 or length > min(size - 8, _MOST_HEADER_BYTES):
            raise ValueError("its header is cut short")
        entries = json.loads(handle.read(length))
    if not isinstance(entries, dict):
        raise ValueError("its header holds no names")
    return entries, 8 + length, size


def _tensor(file: Path, entry: Mapping[str, Any], start: int, size: int) -> StoredTensor:
    dtype, shape, (begin, end) = str(entry["dtype"]), tuple(entry["shape"]), entry["data_offsets"]
    if not all(type(n) is int and n >= 0 for n in (begin, end - begin, *shape)):
        raise ValueError(f"the offsets {begin}, {end} or the shape {list(shape)} cannot be")
    if dtype in NUMBERS and end - begin != math.prod(shape) * np.dtype(NUMBERS[dtype]).itemsize:
        raise ValueError(f"the offsets {begin}, {end} do not fit the shape {list(shape)}")
    if start + end > size:
        raise ValueError("its data are cut short")
    return StoredTensor(file, dtype, shape, start + begin)


def to_bytes(arrays: Mapping[str, ndarray], notes: Mapping[str, str]) -> bytes:
    """A whole file of these arrays, in order of name."""
    plain = {name: np.ascontiguousarray(arrays[name]) for name in sorted(arrays)}
    header: dict[str, Any] = {"__metadata__": dict(notes)}
    end = 0
    for name, array in plain.items():
        begin, end = end, end + array.nbytes
        header[name] = {"dtype": _NAMES[array.dtype], "shape": list(array.shape), "data_offsets": [begin, end]}
    text = json.dumps(header, ensure_ascii=False).encode()
    text += b" " * (-len(text) % 8)  # data start at a multiple of eight
    return len(text).to_bytes(8, "little") + text + b"".join(array.tobytes() for array in plain.values())
