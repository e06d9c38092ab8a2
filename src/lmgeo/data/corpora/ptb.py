"""`ptb:DIR`: the Penn Treebank in Mikolov's form, one sentence a line."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from lmgeo.core.errors import NotEnoughData
from lmgeo.core.identity import hash_file
from lmgeo.data.corpora.folders import corpus_files
from lmgeo.data.corpora.kinds import CORPORA, Corpus, CorpusKind, Documents
from lmgeo.data.textfile import read_lines

PARSER_VERSION = 1
_HOLDS = "ptb.train.txt, ptb.valid.txt or ptb.test.txt"
_GLOBS = ("ptb.*.txt",)


def read_ptb(argument: str) -> Corpus:
    """Sentences of every split found, in the order train, valid, test; whitespace stripped.

    Naming one of the files in place of the folder takes that split alone.

    Raises:
        SpecError: no such folder or files, or not UTF-8.
        NotEnoughData: no sentence in them.
    """
    files = corpus_files(argument, _GLOBS, _HOLDS)
    sequences = [sentence for file in files for sentence in _sentences(file)]
    if not sequences:
        raise NotEnoughData(f"{argument} holds no sentence", f"give {_HOLDS}, one sentence a line")
    return Corpus(
        f"ptb:{Path(argument).expanduser().resolve().name}",
        sequences,
        [f"ptb: read {', '.join(file.name for file in files)}"],
    )


def read_ptb_documents(argument: str) -> Documents:
    """One document a file, its sentences one a line as `read_ptb` gives them.

    Raises:
        as `read_ptb`.
    """
    corpus = read_ptb(argument)  # refuses an empty one
    files = [_sentences(file) for file in corpus_files(argument, _GLOBS, _HOLDS)]
    return Documents(
        corpus.name, ["".join(f"{s}\n" for s in sentences) for sentences in files if sentences], corpus.notes
    )


def _sentences(file: Path) -> list[str]:
    return [line.strip() for line in read_lines(file, _HOLDS) if line.strip()]


def _identity(argument: str) -> dict[str, Any]:
    files = corpus_files(argument, _GLOBS, _HOLDS)
    return {"kind": "ptb", "parser": PARSER_VERSION, "content": [hash_file(file) for file in files]}


CORPORA.add(
    "ptb",
    CorpusKind(
        "ptb",
        "DIR",
        "Penn Treebank, Mikolov's form, one sentence a line",
        read_ptb,
        _identity,
        documents=read_ptb_documents,
    ),
)
