"""`text:FILE`: one sequence a line."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from lmgeo.core.errors import NotEnoughData
from lmgeo.core.identity import hash_file
from lmgeo.data.corpora.kinds import CORPORA, Corpus, CorpusKind
from lmgeo.data.textfile import read_bytes, read_lines

PARSER_VERSION = 1
_HOLDS = "one sequence a line"


def read_text(argument: str) -> Corpus:
    """Every line that is not blank, as it stands.

    Raises:
        SpecError: no such file, or not UTF-8.
        NotEnoughData: nothing but blank lines.
    """
    path = Path(argument).expanduser()
    lines = read_lines(path, _HOLDS)
    sequences = [line for line in lines if line.strip()]
    if not sequences:
        raise NotEnoughData(f"{path} holds no text", f"give a file that holds {_HOLDS}")
    blank = len(lines) - len(sequences)
    return Corpus(f"text:{path.name}", sequences, [f"{path.name}: {blank} blank lines skipped"] if blank else [])


def _identity(argument: str) -> dict[str, Any]:
    path = Path(argument).expanduser()
    if not path.is_file():
        read_bytes(path, _HOLDS)  # raises, with the reason
    return {"kind": "text", "parser": PARSER_VERSION, "content": hash_file(path)}


CORPORA.add("text", CorpusKind("text", "FILE", "a UTF-8 text file, one sequence a line", read_text, _identity))
