"""Reading text files as they are: UTF-8 lines, nothing repaired in silence."""

from __future__ import annotations

from pathlib import Path

from lmgeo.core.errors import SpecError

_BOM = "\ufeff"


def read_bytes(path: Path, holds: str) -> bytes:
    """A file's bytes.

    Args:
        path: the file.
        holds: what the file should hold, for the mend ("one sequence a line").

    Raises:
        SpecError: no such file, a folder, or a file that may not be read.
    """
    if path.is_dir():
        raise SpecError(f"{path} is a folder", f"name a file that holds {holds}")
    try:
        return path.read_bytes()
    except FileNotFoundError as error:
        raise SpecError(f"there is no file {path}", f"name a file that holds {holds}") from error
    except (OSError, ValueError) as error:  # ValueError: a NUL inside the path
        raise SpecError(f"{path} cannot be read: {error}", "look at the file's name and permissions") from error


def read_lines(path: Path, holds: str) -> list[str]:
    """The lines of a UTF-8 file, without their endings (`\\n` or `\\r\\n`) and without a byte-order mark.

    Only line feeds end a line: form feeds or U+2028 inside a sentence are part of it.

    Raises:
        SpecError: a file that cannot be read, or whose bytes are not UTF-8 (with the line).
    """
    raw = read_bytes(path, holds)
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        what = f"{path}:{line}: byte 0x{raw[error.start]:02x} is not UTF-8"
        raise SpecError(what, "save the file as UTF-8 (e.g. `iconv -f latin1 -t utf-8`)") from error
    lines = text.removeprefix(_BOM).split("\n")
    if lines[-1] == "":  # what follows the last line feed is no line
        lines.pop()
    return [line.removesuffix("\r") for line in lines]
