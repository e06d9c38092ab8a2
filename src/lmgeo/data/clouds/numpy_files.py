"""`.npy` and `.npz`."""

from __future__ import annotations

import zipfile
from pathlib import Path
from typing import Any

import numpy as np

from lmgeo.core.arrays import ndarray
from lmgeo.core.errors import SpecError
from lmgeo.data.clouds.kinds import FORMATS, LONE_NAME, CloudFormat, damaged, objects_refused

_BROKEN = (OSError, ValueError, EOFError, SyntaxError, MemoryError, OverflowError)  # a header may claim any shape
_BROKEN_ARCHIVE = (*_BROKEN, zipfile.BadZipFile, NotImplementedError, RuntimeError)


def read_npy(path: Path) -> tuple[dict[str, ndarray], list[tuple[str, str]]]:
    """One array, memory-mapped."""
    try:
        shape, dtype = _npy_header(path)
        # with mmap_mode, numpy would report an object array as unmappable
        if dtype.hasobject:
            raise objects_refused(path, LONE_NAME)
        # an empty array cannot be mapped
        array = np.load(path, mmap_mode=None if 0 in shape else "r", allow_pickle=False)
    except _BROKEN as error:
        if isinstance(error, PermissionError):
            raise
        raise damaged(path, error) from error
    return {LONE_NAME: array}, []


def read_npz(path: Path) -> tuple[dict[str, ndarray], list[tuple[str, str]]]:
    """Every array of an archive."""
    arrays: dict[str, Any] = {}  # what is no array comes as bytes
    name = ""
    try:
        # its own handle: numpy leaves the file open when the archive is broken
        with path.open("rb") as file:
            archive = np.load(file, allow_pickle=False)
            if not isinstance(archive, np.lib.npyio.NpzFile):
                raise ValueError("it is a single array, not an archive")
            for name in archive.files:
                arrays[name] = archive[name]
    except _BROKEN_ARCHIVE as error:
        if isinstance(error, PermissionError):
            raise
        raise _objects_or_damaged(path, name, error) from error
    found = {name: value for name, value in arrays.items() if isinstance(value, np.ndarray)}
    return found, [(name, "it is no array") for name in arrays if name not in found]


def _npy_header(path: Path) -> tuple[tuple[int, ...], np.dtype]:
    """The shape and the type that a file says it holds."""
    with path.open("rb") as file:
        version = np.lib.format.read_magic(file)
        read = np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0
        shape, _, dtype = read(file)
        return shape, dtype


def _objects_or_damaged(path: Path, name: str, error: BaseException) -> SpecError:
    return objects_refused(path, name) if "allow_pickle" in str(error) and name else damaged(path, error)


FORMATS.add(".npy", CloudFormat(".npy", "one numpy array, memory-mapped", read_npy))
FORMATS.add(".npz", CloudFormat(".npz", "an archive of numpy arrays", read_npz))
