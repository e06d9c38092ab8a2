"""What a cloud file gives, and the registry of formats by suffix."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from lmgeo.core.arrays import ndarray
from lmgeo.core.errors import SpecError, first_line
from lmgeo.core.registry import Registry

LONE_NAME = "cloud"  # what the object of a one-array file is called


class Clouds(NamedTuple):
    """The arrays of a file.

    Attributes:
        arrays: name → numbers, (n, d); one a file holds alone is called `cloud`.
        left_out: what is in the file and is no cloud, as `{"object": …, "reason": …}`.
    """

    arrays: dict[str, ndarray]
    left_out: list[dict[str, str]]


@dataclass(frozen=True)
class CloudFormat:
    """One file format.

    Attributes:
        suffix: with its dot.
        description: one line for listings.
        read: path → every array by name, and the (name, reason) of what was left out.
    """

    suffix: str
    description: str
    read: Callable[[Path], tuple[dict[str, ndarray], list[tuple[str, str]]]]


FORMATS: Registry[CloudFormat] = Registry("cloud format", "lmgeo.data.clouds")


def damaged(path: Path, error: BaseException) -> SpecError:
    """The complaint about a file that is not what its suffix says, or is cut short."""
    reason = first_line(error)
    return SpecError(f"{path} cannot be read as {path.suffix}: {reason}", "write the file anew, whole")


def objects_refused(path: Path, name: str) -> SpecError:
    """The complaint about an array of Python objects."""
    return SpecError(
        f"{path}: array {name!r} holds Python objects, which are never unpickled",
        "save an array of numbers, e.g. x.astype('float32')",
    )
