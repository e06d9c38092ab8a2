"""`pycode`: real program text without a network, from the standard library's own sources."""

from __future__ import annotations

import platform
import re
from functools import lru_cache
from typing import Any

from lmgeo.core.errors import NotEnoughData
from lmgeo.core.identity import hash_texts
from lmgeo.data.corpora.kinds import CORPORA, Corpus, CorpusKind, Documents
from lmgeo.data.pydocs.sources import module_files, standard_library

PARSER_VERSION = 1
_NEXT_BLOCK = re.compile(r"\n(?:[ \t]*\n)+(?=\S)")  # blank lines, and then one that starts in the first column


def read_pycode(argument: str = "") -> Corpus:
    """The blocks of every module of the standard library, in order of the modules' names; modules are sources.

    A block begins in the first column after a blank line: mostly a function, a class or the imports.

    Raises:
        NotEnoughData: an interpreter that came without its library's sources.
    """
    found = [(name, block) for name, source in _modules() for block in blocks_of(source)]
    return Corpus("pycode", [block for _, block in found], [_note()], [name for name, _ in found])


def read_pycode_documents(argument: str = "") -> Documents:
    """One document a module: its source as it stands.

    Raises:
        NotEnoughData: an interpreter that came without its library's sources.
    """
    return Documents("pycode", [source for _, source in _modules()], [_note()])


def blocks_of(source: str) -> list[str]:
    """What stands between blank lines that end a block, none of it blank."""
    return [block.strip("\n") for block in _NEXT_BLOCK.split(source) if block.strip()]


@lru_cache(maxsize=1)
def _modules() -> list[tuple[str, str]]:
    """Name and source of every module that is not blank; line feeds end lines."""
    sources = [(name, path.read_text("utf-8", "replace")) for name, path in module_files(standard_library())]
    modules = [(name, source) for name, source in sources if source.strip()]
    if not modules:
        raise NotEnoughData(
            f"{standard_library()} holds no source: this Python came without its library's",
            "use another corpus (text:FILE), or a Python with its standard library's .py files",
        )
    return modules


def _note() -> str:
    return (
        f"pycode: the standard library of Python {platform.python_version()}; other versions carry other text. Its "
        "docstrings are what pydocs is made of: it is no new text to a model trained on pydocs, nor kept from one"
    )


def _identity(argument: str = "") -> dict[str, Any]:
    return {"kind": "pycode", "parser": PARSER_VERSION, "content": _content()}


@lru_cache(maxsize=1)
def _content() -> str:
    return hash_texts([part for module in _modules() for part in module])


CORPORA.add(
    "pycode",
    CorpusKind(
        "pycode",
        None,
        "built in: the sources of Python's own library",
        read_pycode,
        _identity,
        False,
        read_pycode_documents,
    ),
)
