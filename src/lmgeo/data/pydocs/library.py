"""The built-in English text: built from this interpreter's own documentation, then kept in a cache file."""

from __future__ import annotations

import hashlib
import json
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from lmgeo.core.cache import cache_folder
from lmgeo.core.errors import NotEnoughData
from lmgeo.core.files import write_bytes
from lmgeo.core.identity import hash_texts
from lmgeo.data.pydocs.clean import paragraphs
from lmgeo.data.pydocs.sentences import is_english, pieces_of
from lmgeo.data.pydocs.sources import documents, standard_library

BUILDER_VERSION = 1


@dataclass(frozen=True)
class Sentence:
    """One sentence and where it stands.

    Attributes:
        text: the sentence.
        document: `topic:NAME` or `module:NAME`.
        passage: index within the document of its docstring, topic or comment.
        position: index among all pieces of the passage's prose, kept or not.
    """

    text: str
    document: str
    passage: int
    position: int


@dataclass(frozen=True)
class Library:
    """All sentences in a fixed order, and the hash of them and their places."""

    sentences: list[Sentence]
    content: str


@lru_cache(maxsize=1)
def load_library() -> Library:
    """The sentences of this interpreter's documentation; built once a machine, in seconds.

    Raises:
        NotEnoughData: an interpreter that came without its library's sources.
    """
    path = cache_file()
    library = _read(path)
    if library is None:
        library = build_library(standard_library())
        _write(path, library)
    return library


def build_library(root: Path) -> Library:
    """Read and clean every document below `root`; a sentence is kept where it first stands.

    Raises:
        NotEnoughData: no English sentence there.
    """
    sentences = list(_distinct(_sentences(root)))
    if not sentences:
        raise NotEnoughData(
            f"{root} holds no documentation: this Python came without its library's sources",
            "use another corpus (text:FILE), or a Python with its standard library's .py files",
        )
    return Library(sentences, _content(sentences))


def cache_file() -> Path:
    """Where the built text of this very interpreter is kept."""
    place = f"{sys.version}|{standard_library()}|{BUILDER_VERSION}"
    digest = hashlib.sha256(place.encode()).hexdigest()[:16]
    return cache_folder() / f"pydocs-{sys.version_info.major}.{sys.version_info.minor}-{digest}.json"


def _sentences(root: Path) -> Iterator[Sentence]:
    for document, texts in documents(root):
        for passage, text in enumerate(texts):
            pieces = (piece for paragraph in paragraphs(text) for piece in pieces_of(paragraph))
            for position, piece in enumerate(pieces):
                if is_english(piece):
                    yield Sentence(piece, document, passage, position)


def _distinct(sentences: Iterator[Sentence]) -> Iterator[Sentence]:
    seen: set[str] = set()
    for sentence in sentences:
        if sentence.text not in seen:
            seen.add(sentence.text)
            yield sentence


def _content(sentences: list[Sentence]) -> str:
    return hash_texts([part for s in sentences for part in (s.text, f"{s.document}/{s.passage}/{s.position}")])


def _read(path: Path) -> Library | None:
    """What the cache holds; None when it holds nothing usable."""
    try:
        raw = json.loads(path.read_bytes())
        sentences = [Sentence(*row) for row in raw["sentences"]]
        return Library(sentences, raw["content"]) if raw["builder"] == BUILDER_VERSION and sentences else None
    except (OSError, ValueError, TypeError, KeyError):
        return None  # absent, unreadable or damaged: built anew


def _write(path: Path, library: Library) -> None:
    rows = [[s.text, s.document, s.passage, s.position] for s in library.sentences]
    document = {"builder": BUILDER_VERSION, "content": library.content, "sentences": rows}
    try:
        write_bytes(path, json.dumps(document, ensure_ascii=False).encode())
    except OSError:
        return  # a read-only home costs the seconds of building again, no more
