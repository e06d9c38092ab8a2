"""The table of floors, read from a page as data."""

from __future__ import annotations

import re
from dataclasses import dataclass

from tests.architecture.source import TOP

_ROW = re.compile(r"^\|\s*(\d+)\s*\|\s*`(\w+)/`\s*\|(.*)\|([^|]*)\|\s*$", re.MULTILINE)
_RANGE = re.compile(r"floors (\d+)–(\d+)(?: but (.+))?")


@dataclass(frozen=True)
class Floor:
    """One row: a folder, its floor, and the folders that it may import."""

    folder: str
    number: int
    may_import: frozenset[str]


def read_floors(page: str) -> dict[str, Floor]:
    """The rows of the table in a page, `may import` written out; the package's own files count as `cli/`."""
    rows = [(int(n), folder, may.strip()) for n, folder, _, may in _ROW.findall(page)]
    numbers = {folder: n for n, folder, _ in rows}
    floors = {folder: Floor(folder, n, _allowed(may, numbers)) for n, folder, may in rows}
    if "cli" in floors:
        floors[TOP] = Floor(TOP, floors["cli"].number, floors["cli"].may_import | {"cli"})
    return floors


def _allowed(text: str, numbers: dict[str, int]) -> frozenset[str]:
    if text == "–":
        return frozenset()
    span = _RANGE.fullmatch(text)
    if span is None:
        return frozenset(text.split())
    low, high, but = int(span[1]), int(span[2]), (span[3] or "").replace(",", " ").split()
    return frozenset(f for f, n in numbers.items() if low <= n <= high and f not in but)


def faults(folder: str, imported: set[str], floors: dict[str, Floor]) -> set[str]:
    """The folders among `imported` that the row of `folder` does not list."""
    return imported - floors[folder].may_import - {folder}
