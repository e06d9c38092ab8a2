"""YAML and JSON documents that remember on which line each value stands.

Only plain data is read: no tags, no objects, no duplicate keys.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from lmgeo.core.errors import LmgeoError, SpecError

KeyPath = tuple[str | int, ...]
MOST_VALUES = 100_000  # aliases of aliases grow a small file without bound
_TAG = "tag:yaml.org,2002:"
_PLAIN_TEXT = "write plain values: no tags, no objects"


@dataclass
class Document:
    """Plain values, and the line of each by its path in the document.

    Attributes:
        source: the file's name, for messages.
        value: the document as dicts, lists and scalars.
        lines: 1-based line by path, e.g. `("models", 0, "path")`.
        overrides: the command-line setting that gave a value, by path.
    """

    source: str
    value: Any
    lines: dict[KeyPath, int] = field(default_factory=dict)
    overrides: dict[KeyPath, str] = field(default_factory=dict)

    def where(self, path: KeyPath) -> str:
        """`file:line, key a.b[0]` for the nearest part of `path` that has a line."""
        known = path
        while known and known not in self.lines and known not in self.overrides:
            known = known[:-1]
        key = f", key {dotted(path)}" if path else ""
        if known in self.overrides:
            return f"--set {self.overrides[known]}{key}"
        line = f":{self.lines[known]}" if known in self.lines else ""
        return f"{self.source}{line}{key}"


@contextmanager
def located(document: Document, path: KeyPath) -> Iterator[None]:
    """Errors raised inside say where in the document the thing that they are about is named."""
    where = document.where(path)
    try:
        yield
    except LmgeoError as error:
        if error.what.startswith(document.source):
            raise
        raise type(error)(f"{where}: {error.what}", error.mend) from error


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
    """The document that `text` holds; `source` names it in messages.

    Raises:
        SpecError: as `read_document`; also a text that is nested or grows beyond reason.
    """
    document = Document(source, None)
    try:
        node = yaml.compose(text, Loader=yaml.SafeLoader)
        document.value = _build(node, (), document) if node is not None else None
    except yaml.YAMLError as error:
        raise SpecError(f"{source} is not valid YAML: {_one_line(error)}", "mend the line it names") from error
    except RecursionError as error:
        raise SpecError(f"{source} is nested too deeply, or holds itself", "write it out flat") from error
    return document


def _one_line(error: Exception) -> str:
    return " ".join(str(error).split())


def _build(node: yaml.Node, path: KeyPath, document: Document) -> Any:
    document.lines.setdefault(path, node.start_mark.line + 1)
    if len(document.lines) > MOST_VALUES:
        raise SpecError(f"{document.source} holds over {MOST_VALUES:,} values", "write fewer, or without aliases")
    if isinstance(node, yaml.MappingNode):
        _refuse_tag(node, "map", path, document)
        return _build_mapping(node, path, document)
    if isinstance(node, yaml.SequenceNode):
        _refuse_tag(node, "seq", path, document)
        return [_build(item, (*path, i), document) for i, item in enumerate(node.value)]
    return _scalar(node, path, document)


def _refuse_tag(node: yaml.Node, kind: str, path: KeyPath, document: Document) -> None:
    if node.tag != _TAG + kind:
        raise SpecError(f"{document.where(path)} has the tag {node.tag!r}", _PLAIN_TEXT)


def _build_mapping(node: yaml.MappingNode, path: KeyPath, document: Document) -> dict[str, Any]:
    result: dict[str, Any] = {}
    for key_node, value_node in node.value:
        key = _key(key_node, path, document)
        if key in result:
            raise SpecError(f"{document.where((*path, key))} stands twice", "keep one of them")
        result[key] = _build(value_node, (*path, key), document)
    return result


def _key(node: yaml.Node, path: KeyPath, document: Document) -> str:
    """A key as it is written: `on`, `no` and `1` are names, not values."""
    if not isinstance(node, yaml.ScalarNode):
        raise SpecError(f"{document.where(path)} has a key that is no word", "write keys as plain words")
    key = str(node.value)
    # a key's line, not its value's, is where a reader looks
    document.lines[(*path, key)] = node.start_mark.line + 1
    _scalar(node, (*path, key), document)
    return key


def _scalar(node: yaml.Node, path: KeyPath, document: Document) -> Any:
    if node.tag == _TAG + "timestamp":
        return str(node.value)  # a name or revision that looks like a date
    if node.tag == _TAG + "binary":
        raise SpecError(f"{document.where(path)} has the tag {node.tag!r}", _PLAIN_TEXT)
    try:
        return yaml.SafeLoader("").construct_object(node)
    except (yaml.YAMLError, ValueError) as error:
        raise SpecError(f"{document.where(path)}: {_one_line(error)}", _PLAIN_TEXT) from error
