"""What a kind of corpus is, and the registry of them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from lmgeo.core.registry import Registry


@dataclass(frozen=True)
class Corpus:
    """Unlabelled text, in its own order.

    Attributes:
        name: what it is called in tables; no part of its identity.
        sequences: one text each; never empty, none of them blank.
        notes: what a reader should know (what was dropped, what was taken).
        sources: of each sequence, the part of the corpus it comes from; empty: all come from one.
    """

    name: str
    sequences: list[str]
    notes: list[str] = field(default_factory=list)
    sources: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Documents:
    """The same text in whole documents: what a causal model reads, and what a held-out part is made of.

    Attributes:
        name: what it is called in tables; no part of its identity.
        texts: one document each; never empty, none of them blank.
        notes: what a reader should know (what was dropped, what was taken).
    """

    name: str
    texts: list[str]
    notes: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class CorpusKind:
    """One way to get a corpus.

    Attributes:
        name: the word before the colon of a spec.
        argument: what stands after the colon, in capitals ("FILE"); None when nothing does.
        description: one line for listings.
        read: the argument → the corpus.
        identity: the argument → what its content is, as plain JSON; no path in it.
        is_path: whether the argument is a path, which may itself hold `+` and `:`.
        documents: the argument → its documents; None: consecutive sequences of one source, joined by line
            feeds, are a document, and without sources every sequence is one.
    """

    name: str
    argument: str | None
    description: str
    read: Callable[[str], Corpus]
    identity: Callable[[str], dict[str, Any]]
    is_path: bool = True
    documents: Callable[[str], Documents] | None = None

    @property
    def usage(self) -> str:
        """How to write it: `text:FILE`."""
        return self.name if self.argument is None else f"{self.name}:{self.argument}"


CORPORA: Registry[CorpusKind] = Registry("corpus", "lmgeo.data.corpora")
