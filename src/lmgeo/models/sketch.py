"""What is kept of a checkpoint to compare it with others: a hash, shapes, and a fixed sample of its entries."""

from __future__ import annotations

import hashlib
import math
from dataclasses import dataclass

import numpy as np

from lmgeo.core.arrays import Float32, ndarray
from lmgeo.core.seeds import numpy_stream
from lmgeo.core.tensors import FLOATS, Tensor, as_float_rows
from lmgeo.models.weight_files import StoredWeights

SAMPLE = 200_000  # entries of a whole checkpoint: 0.8 MB a step
_LEAST = 64  # entries of one tensor


@dataclass(frozen=True)
class Sketch:
    """A checkpoint in brief.

    Attributes:
        content: hash of the tensors' names, shapes and values as float32; the way they are stored does not count.
        shapes: of the float tensors, by name.
        sample: entries at places that hang on a tensor's name and shape alone, weighted so that the squared distance of
            two samples estimates that of the weights; all entries of small tensors.
        norm: of the sample.
        unsound: the tensors that hold NaN or infinity, with how many.
    """

    content: str
    shapes: dict[str, tuple[int, ...]]
    sample: Float32[ndarray, " k"]
    norm: float
    unsound: dict[str, str]


def sketch(weights: StoredWeights) -> Sketch:
    """Read a checkpoint once, one tensor in memory at a time.

    Raises:
        SpecError: a file that cannot be read.
    """
    floats = {name: t for name, t in sorted(weights.tensors.items()) if t.dtype in FLOATS and 0 not in t.shape}
    each = max(_LEAST, SAMPLE // max(1, len(floats)))
    digest, samples, unsound = hashlib.sha256(), [], {}
    for name, tensor in floats.items():
        values = _values(tensor)
        digest.update(f"{name} {tensor.shape}".encode())
        digest.update(np.ascontiguousarray(values, np.float32).data)
        samples.append(_sample(values, name, each))
        if (wrong := _unsound(values)) is not None:
            unsound[name] = wrong
    sample = np.concatenate(samples) if samples else np.empty(0, np.float32)
    norm = float(np.linalg.norm(sample.astype(np.float64)))
    return Sketch(digest.hexdigest(), {name: t.shape for name, t in floats.items()}, sample, norm, unsound)


def _values(tensor: Tensor) -> ndarray:
    """All entries in a row; a scalar has no rows to read."""
    rows = tensor.read() if tensor.shape else np.empty(0, np.float32)
    return as_float_rows(rows).reshape(-1)


def _sample(values: ndarray, name: str, count: int) -> Float32[ndarray, " k"]:
    if len(values) <= count:
        return values.astype(np.float32)
    places = numpy_stream(0, "sketch", name, str(len(values))).integers(0, len(values), count)
    return (values[places] * math.sqrt(len(values) / count)).astype(np.float32)


def _unsound(values: ndarray) -> str | None:
    finite = np.isfinite(values)
    if finite.all():
        return None
    nans = int(np.isnan(values).sum())
    return f"{nans} NaN and {len(values) - int(finite.sum()) - nans} infinite of {len(values)} entries"
