"""From a corpus spec to the text, and to what identifies it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from lmgeo.core.errors import SpecError, UnknownName
from lmgeo.data.corpora.kinds import CORPORA, Corpus, CorpusKind

JOIN = "+"


def open_corpus(spec: str) -> Corpus:
    """The text that a spec names; parts joined with `+` follow one another, each a source of the whole.

    Args:
        spec: e.g. `pydocs`, `text:notes.txt`, `ptb:data/ptb+wikitext:data/wikitext-2`.

    Raises:
        UnknownName: no such kind of corpus.
        SpecError: a file or folder that is missing or unreadable, or an argument missing or too many.
        NotEnoughData: nothing in it.
    """
    parts = [kind.read(argument) for kind, argument in parse_spec(spec)]
    if len(parts) == 1:
        return parts[0]
    return Corpus(
        JOIN.join(part.name for part in parts),
        [sequence for part in parts for sequence in part.sequences],
        [note for part in parts for note in part.notes],
        [f"{i + 1}. {part.name}" for i, part in enumerate(parts) for _ in part.sequences],
    )


def corpus_identity(spec: str) -> dict[str, Any]:
    """What a corpus is, for a key: kinds, parser versions and content hashes; never a path.

    Raises:
        as `open_corpus`.
    """
    return {"corpus": [kind.identity(argument) for kind, argument in parse_spec(spec)]}


def parse_spec(spec: str) -> list[tuple[CorpusKind, str]]:
    """The parts of a spec as (kind, argument).

    A path may hold `+`: a part takes the longest run of pieces that exists as a path,
    else all of them up to the next piece that starts like a corpus.
    """
    pieces = spec.split(JOIN)
    parts = []
    start = 0
    while start < len(pieces):
        kind, argument = _kind_of(pieces[start], spec)
        end = _end_of_path(argument, pieces, start) if kind.is_path else start + 1
        if kind.argument is not None:
            argument = JOIN.join([argument, *pieces[start + 1 : end]])
            if not argument.strip():
                raise SpecError(f"corpus {spec!r} names no {kind.argument}", f"write {kind.usage}")
        parts.append((kind, argument))
        start = end
    return parts


def _kind_of(piece: str, spec: str) -> tuple[CorpusKind, str]:
    name, colon, argument = piece.partition(":")
    name = name.strip()
    if name not in CORPORA:
        raise _unknown(name, piece, spec)
    kind = CORPORA[name]
    if kind.argument is None and colon:
        raise SpecError(f"corpus {spec!r}: {name!r} takes nothing after it", f"write {kind.usage}")
    return kind, argument if kind.argument is not None else ""


def _unknown(name: str, piece: str, spec: str) -> UnknownName:
    usages = ", ".join(kind.usage for _, kind in CORPORA.items())
    if Path(piece).expanduser().is_file():
        return UnknownName(f"corpus {spec!r} names no kind", f"write 'text:{piece}' for a text file (kinds: {usages})")
    error = UnknownName.among("corpus", name, list(CORPORA), where=repr(spec))
    return UnknownName(error.what, f"{error.mend} (kinds: {usages})")


def _end_of_path(argument: str, pieces: list[str], start: int) -> int:
    for end in range(len(pieces), start, -1):
        if Path(JOIN.join([argument, *pieces[start + 1 : end]])).expanduser().exists():
            return end
    end = start + 1
    while end < len(pieces) and pieces[end].partition(":")[0].strip() not in CORPORA:
        end += 1
    return end
