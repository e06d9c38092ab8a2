"""YAML and JSON documents that remember on which line each value stands.

Only plain data is read: no tags, no objects, no duplicate keys.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from lmgeo.core.errors import SpecError

KeyPath = tuple[str | int, ...]


@dataclass
class Document:
    """Plain values, and the line of each by its path in the document.

    Attributes:
        source: the file's name, for messages.
        value: the document as dicts, lists and scalars.
        lines: 1-based line by path, e.g. `("models", 0, "path")`.
    """

    source: str
    value: Any
    lines: dict[KeyPath, int] = field(default_factory=dict)

    def where(self, path: KeyPath) -> str:
        """`file:line, key a.b[0]` for the nearest part of `path` that has a line."""
        known = path
        while known and known not in self.lines:
            known = known[:-1]
        line = f":{self.lines[known]}" if known in self.lines else ""
        return f"{self.source}{line}" + (f", key {dotted(path)}" if path else "")


def dotted(path: KeyPath) -> str:
    """`a.b[0].c` for `("a", "b", 0, "c")`."""
    text = ""
    for part in path:
        text += f"[{part}]" if isinstance(part, int) else f".{part}" if text else str(part)
    return text


def read_document(path: Path) -> Document:
    """Read a YAML file.

    Raises:
        SpecError: a missing file, broken YAML, a tag, a duplicate key.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise SpecError(f"cannot read {str(path)!r}: {error}", "give a YAML file in UTF-8") from error
    return parse_document(text, str(path))


def parse_document(text: str, source: str) -> Document:
    """The document that `text` holds; `source` names it in messages."""
    try:
        node = yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.YAMLError as error:
        raise SpecError(f"{source} is not valid YAML: {_one_line(error)}", "mend the line it names") from error
    document = Document(source, None)
    document.value = _build(node, (), document) if node is not None else None
    return document


def _one_line(error: Exception) -> str:
    return " ".join(str(error).split())


def _build(node: yaml.Node, path: KeyPath, document: Document) -> Any:
    document.lines[path] = node.start_mark.line + 1
    if isinstance(node, yaml.MappingNode):
        return _build_mapping(node, path, document)
    if isinstance(node, yaml.SequenceNode):
        return [_build(item, (*path, i), document) for i, item in enumerate(node.value)]
    return _scalar(node, path, document)


def _build_mapping(node: yaml.MappingNode, path: KeyPath, document: Document) -> dict[str, Any]:
    result: dict[str, Any] = {}
    for key_node, value_node in node.value:
        key = str(_scalar(key_node, path, document))
        if key in result:
            document.lines[(*path, key)] = key_node.start_mark.line + 1
            raise SpecError(f"{document.where((*path, key))} stands twice", "keep one of them")
        result[key] = _build(value_node, (*path, key), document)
        document.lines[(*path, key)] = key_node.start_mark.line + 1
    return result


def _scalar(node: yaml.Node, path: KeyPath, document: Document) -> Any:
    try:
        return yaml.SafeLoader("").construct_object(node)
    except yaml.YAMLError as error:
        raise SpecError(
            f"{document.where(path)}: {_one_line(error)}", "write plain values: no tags, no objects"
        ) from error
