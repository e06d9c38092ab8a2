"""Tensors whose values are read when they are needed, wherever they lie."""

from __future__ import annotations

from typing import Protocol, final, runtime_checkable

import numpy as np

from lmgeo.core.arrays import ndarray

# The number types of weights, in the words of the safetensors format: what users call them, and
# the distance from 1 to the next number.
FLOATS = {"F64": "float64", "F32": "float32", "F16": "float16", "BF16": "bfloat16"}
EPSILONS = {"F64": 2.0**-52, "F32": 2.0**-23, "F16": 2.0**-10, "BF16": 2.0**-7}


@runtime_checkable
class Tensor(Protocol):
    """Named numbers of some shape, not in memory until read."""

    @property
    def shape(self) -> tuple[int, ...]:
        """As stored."""

    @property
    def dtype(self) -> str:
        """The type it is stored in, as `FLOATS` has it; other words for what is no weight."""

    def read(self, start: int = 0, stop: int | None = None) -> ndarray:
        """Rows from `start` to `stop`, all by default; numbers that numpy knows."""


@final
class ArrayTensor:
    """An array in hand.

    Args:
        array: float32 or float64, or what numpy widens to them.
        dtype: the type it was stored in before; None: its own.
    """

    def __init__(self, array: ndarray, dtype: str | None = None) -> None:
        self._array = array
        own = f"{array.dtype.kind.upper()}{8 * array.dtype.itemsize}"  # F32, I8 …
        self._dtype = own if dtype is None else dtype

    @property
    def shape(self) -> tuple[int, ...]:
        """As it is."""
        return tuple(self._array.shape)

    @property
    def dtype(self) -> str:
        """What it was stored in."""
        return self._dtype

    def read(self, start: int = 0, stop: int | None = None) -> ndarray:
        """A view of some rows."""
        return self._array[start:stop]


def unread_reason(tensor: Tensor) -> str | None:
    """Why a tensor is no weight matrix; None for one that is."""
    if tensor.dtype not in FLOATS:
        return f"its values are {tensor.dtype}, not floats of 16 to 64 bits"
    if len(tensor.shape) != 2:
        return f"it has {len(tensor.shape)} dimension{'' if len(tensor.shape) == 1 else 's'}, not 2"
    if 0 in tensor.shape:
        return f"it is empty: shape {list(tensor.shape)}"
    return None


def as_float_rows(values: ndarray) -> ndarray:
    """float32 and float64 as they are, narrower floats as float32."""
    return values if values.dtype in (np.float32, np.float64) else values.astype(np.float32)
