"""From a file to its clouds."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from lmgeo.core.arrays import ndarray
from lmgeo.core.errors import NotEnoughData, SpecError
from lmgeo.data.clouds.kinds import FORMATS, LONE_NAME, Clouds


def load_clouds(path: Path) -> Clouds:
    """The clouds of a file, memory-mapped where the format allows; nothing is unpickled, ever.

    Values are as stored: what NaN means is the measures' affair. Arrays that are not
    two-dimensional numbers are left out with the reason.

    Args:
        path: `.npy`, `.npz`, `.safetensors` or `.parquet`.

    Raises:
        SpecError: no such file, an unknown suffix, a damaged file, an array of Python objects.
        NotEnoughData: no cloud in the file.
    """
    suffix = path.suffix.lower()
    if suffix not in FORMATS:
        raise SpecError(f"{path}: unknown suffix {path.suffix!r}", f"give a file of {', '.join(FORMATS)}")
    if not path.is_file():
        kind = "a folder, not a file" if path.is_dir() else "not there"
        raise SpecError(f"{path} is {kind}", f"give a file of {', '.join(FORMATS)}")
    try:
        found, left_out = FORMATS[suffix].read(path)
    except PermissionError as error:
        raise SpecError(f"{path} may not be read", "look at its permissions") from error
    lone = len(found) == 1 and not left_out
    arrays = {}
    for name, array in found.items():
        reason = _no_cloud(array)
        if reason is None:
            arrays[name] = array
        else:
            left_out.append((name, reason))
    if not arrays:
        reasons = "; ".join(f"{name}: {reason}" for name, reason in left_out[:5]) or "it is empty"
        raise NotEnoughData(f"{path} holds no cloud ({reasons})", "give a two-dimensional array of numbers, (n, d)")
    if lone:
        arrays = {LONE_NAME: next(iter(arrays.values()))}
    return Clouds(arrays, [{"object": name, "reason": reason} for name, reason in left_out])


def _no_cloud(array: ndarray) -> str | None:
    """Why an array is no cloud; None for one that is."""
    if not (np.issubdtype(array.dtype, np.floating) or np.issubdtype(array.dtype, np.integer)):
        return f"its values are {array.dtype}, not real numbers"
    if array.ndim != 2:
        return f"it has {array.ndim} dimension{'' if array.ndim == 1 else 's'}, not 2"
    return None
