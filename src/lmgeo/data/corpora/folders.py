"""What corpora kept as a folder of files share: which files, in which order."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from lmgeo.core.errors import SpecError

_SPLITS = ("train", "valid", "validation", "dev", "test")


def corpus_files(argument: str, globs: Sequence[str], holds: str) -> list[Path]:
    """The files of a corpus: train before validation before test, then by name.

    Args:
        argument: a folder, or one of its files.
        globs: tried in turn; the first that matches anything decides.
        holds: what should lie there, for the mend.

    Raises:
        SpecError: no such folder, or none of the files in it.
    """
    path = Path(argument).expanduser()
    if path.is_file():
        return [path]
    if not path.is_dir():
        raise SpecError(f"there is no folder {path}", f"name a folder that holds {holds}")
    for glob in globs:
        found = [file for file in path.glob(glob) if file.is_file()]
        if found:
            return sorted(found, key=_reading_order)
    raise SpecError(f"{path} holds none of {', '.join(globs)}", f"name a folder that holds {holds}")


def _reading_order(path: Path) -> tuple[int, str]:
    parts = path.name.lower().split(".")
    ranks = [rank for rank, split in enumerate(_SPLITS) if split in parts]
    return (min(ranks, default=len(_SPLITS)), path.name)
