"""`pydocs`: real English without a network, from the documentation inside Python itself."""

from __future__ import annotations

import platform
from typing import Any

from lmgeo.data.corpora.kinds import CORPORA, Corpus, CorpusKind
from lmgeo.data.pydocs.library import BUILDER_VERSION, load_library


def read_pydocs(argument: str = "") -> Corpus:
    """Every sentence of the language reference, and of the standard library's docstrings and comments.

    Each topic and each module is a source of its own.

    Raises:
        NotEnoughData: an interpreter that came without its library's sources.
    """
    note = f"pydocs: the documentation of Python {platform.python_version()}; other versions carry other text"
    sentences = load_library().sentences
    return Corpus("pydocs", [s.text for s in sentences], [note], [s.document for s in sentences])


def _identity(argument: str = "") -> dict[str, Any]:
    return {"kind": "pydocs", "builder": BUILDER_VERSION, "content": load_library().content}


CORPORA.add(
    "pydocs",
    CorpusKind("pydocs", None, "built in: English from Python's own documentation", read_pydocs, _identity, False),
)
