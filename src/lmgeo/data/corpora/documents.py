"""From a corpus spec to whole documents."""

from __future__ import annotations

import itertools

from lmgeo.data.corpora.kinds import Corpus, CorpusKind, Documents
from lmgeo.data.corpora.open import JOIN, parse_spec


def open_documents(spec: str) -> Documents:
    """The documents that a spec names; parts joined with `+` follow one another.

    A document that occurs again is left out there, and the notes say how many were.

    Args:
        spec: as `open_corpus` takes it.

    Raises:
        as `open_corpus`.
    """
    parts = [_documents(kind, argument) for kind, argument in parse_spec(spec)]
    texts = [text for part in parts for text in part.texts]
    unlike = list(dict.fromkeys(texts))
    notes = [note for part in parts for note in part.notes]
    if len(unlike) < len(texts):
        notes.append(f"{len(texts) - len(unlike)} documents that are copies of another were left out")
    return Documents(JOIN.join(part.name for part in parts), unlike, notes)


def _documents(kind: CorpusKind, argument: str) -> Documents:
    return kind.documents(argument) if kind.documents is not None else _by_source(kind.read(argument))


def _by_source(corpus: Corpus) -> Documents:
    if not corpus.sources:
        return Documents(corpus.name, corpus.sequences, corpus.notes)
    pairs = zip(corpus.sources, corpus.sequences, strict=True)
    groups = itertools.groupby(pairs, key=lambda pair: pair[0])
    texts = ["\n".join(sequence for _, sequence in group) for _, group in groups]
    return Documents(corpus.name, texts, corpus.notes)
