"""`--set a.b=value`: single values of a document replaced from the command line."""

from __future__ import annotations

from typing import Any

from lmgeo.core.errors import SpecError
from lmgeo.core.spec.document import Document, KeyPath, dotted, parse_document


def override(document: Document, settings: list[str]) -> None:
    """Apply `a.b=value` overrides to a document in place.

    Raises:
        SpecError: no `=`, a value that is not YAML, or a path through something that is no block.
    """
    for setting in settings:
        key, equals, text = setting.partition("=")
        if not equals or not key:
            raise SpecError(f"--set {setting!r} has no key=value", "write e.g. --set represent.sequences=200")
        value = parse_document(text, f"--set {setting!r}").value
        path: KeyPath = tuple(int(p) if p.isdecimal() else p for p in key.split("."))
        _assign(document, path, value, setting)
        document.overrides[path] = setting


def _assign(document: Document, path: KeyPath, value: Any, setting: str) -> None:
    if document.value is None:
        document.value = {}
    block = document.value
    for depth, part in enumerate(path[:-1]):
        block = _step(block, part)
        if block is None:
            raise SpecError(f"--set {setting!r}: nothing at {dotted(path[: depth + 1])}", "name a block that is there")
    last = path[-1]
    if isinstance(block, dict):
        block[str(last)] = value
    elif isinstance(block, list) and isinstance(last, int) and last < len(block):
        block[last] = value
    else:
        raise SpecError(f"--set {setting!r}: nothing to set at {dotted(path)}", "name a key of a block")


def _step(block: Any, part: str | int) -> Any:
    """What `part` of a block holds; an absent or empty key becomes a block; None: there is no such part."""
    if isinstance(block, dict):
        if block.get(str(part)) is None:
            block[str(part)] = {}
        return block[str(part)]
    if isinstance(block, list) and isinstance(part, int) and part < len(block):
        return block[part]
    return None
