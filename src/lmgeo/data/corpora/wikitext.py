"""`wikitext:DIR`: WikiText's token files, split into sentences."""

from __future__ import annotations

import itertools
import re
from pathlib import Path
from typing import Any

from lmgeo.core.errors import NotEnoughData
from lmgeo.core.identity import hash_file
from lmgeo.data.corpora.folders import corpus_files
from lmgeo.data.corpora.kinds import CORPORA, Corpus, CorpusKind, Documents
from lmgeo.data.textfile import read_lines

PARSER_VERSION = 1
SENTENCE_END = " . "
LEAST_WORDS = 5
_HOLDS = "WikiText's wiki.train.tokens, wiki.valid.tokens and wiki.test.tokens"
_GLOBS = ("wiki.*.tokens", "*.tokens")
_HEADING = re.compile(r"=( .* )?=")
_TITLE = re.compile(r"= (?!= ).*(?<! =) =")  # one sign a side: a section's heading has two or more


def read_wikitext(argument: str) -> Corpus:
    """Sentences of every split found, in the order train, valid, test.

    A paragraph is split at ` . ` and the pieces stripped; headings, and pieces of fewer
    than five words, are dropped and counted in the notes. Naming one of the files in
    place of the folder takes that split alone.

    Raises:
        SpecError: no such folder or files, or not UTF-8.
        NotEnoughData: no sentence in them.
    """
    files = corpus_files(argument, _GLOBS, _HOLDS)
    sequences: list[str] = []
    headings = short = 0
    for file in files:
        for line in read_lines(file, _HOLDS):
            if _HEADING.fullmatch(line.strip()):
                headings += 1
                continue
            pieces = sentences_of(line)
            kept = [piece for piece in pieces if len(piece.split()) >= LEAST_WORDS]
            short += len(pieces) - len(kept)
            sequences += kept
    if not sequences:
        raise NotEnoughData(f"{argument} holds no sentence of {LEAST_WORDS} words", f"give {_HOLDS}")
    taken = ", ".join(file.name for file in files)
    return Corpus(
        _name(argument),
        sequences,
        [f"wikitext: read {taken}; dropped {headings} headings and {short} sentences under {LEAST_WORDS} words"],
    )


def read_wikitext_documents(argument: str) -> Documents:
    """The articles of every split found, headings and blank lines as the file has them.

    An article goes from its title (` = Title = ` between blank lines) to the next one: the documents of a file,
    one after another, are the file from its first line that is not blank.

    Raises:
        SpecError: no such folder or files, or not UTF-8.
        NotEnoughData: nothing but blank lines.
    """
    files = corpus_files(argument, _GLOBS, _HOLDS)
    texts = [text for file in files for text in _articles(read_lines(file, _HOLDS)) if text.strip()]
    if not texts:
        raise NotEnoughData(f"{argument} holds no article", f"give {_HOLDS}")
    taken = ", ".join(file.name for file in files)
    return Documents(_name(argument), texts, [f"wikitext: read {len(texts)} articles of {taken}"])


def _articles(lines: list[str]) -> list[str]:
    blank = [True, *(not line.strip() for line in lines), True]  # of the line before, at i
    starts = [i for i, line in enumerate(lines) if blank[i] and blank[i + 2] and _TITLE.fullmatch(line.strip())]
    cuts = [0, *starts, len(lines)]
    return ["".join(f"{line}\n" for line in lines[a:b]) for a, b in itertools.pairwise(cuts)]


def _name(argument: str) -> str:
    return f"wikitext:{Path(argument).expanduser().resolve().name}"


def sentences_of(paragraph: str) -> list[str]:
    """The pieces of a paragraph between ` . `, stripped, none of them blank."""
    # the file ends a paragraph in " . "; a stripped one must split alike
    pieces = f"{paragraph.rstrip()} ".split(SENTENCE_END)
    return [piece.strip() for piece in pieces if piece.strip()]


def _identity(argument: str) -> dict[str, Any]:
    files = corpus_files(argument, _GLOBS, _HOLDS)
    return {"kind": "wikitext", "parser": PARSER_VERSION, "content": [hash_file(file) for file in files]}


CORPORA.add(
    "wikitext",
    CorpusKind(
        "wikitext",
        "DIR",
        "WikiText's token files, split into sentences",
        read_wikitext,
        _identity,
        documents=read_wikitext_documents,
    ),
)
