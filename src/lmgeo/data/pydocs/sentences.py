"""From a paragraph to its English sentences."""

from __future__ import annotations

import re
from collections.abc import Iterator

LEAST_WORDS = 5
MOST_WORDS = 80
ENGLISH_SHARE = 0.7  # of a sentence's words that are plain words, not names with dots or digits

_BOUNDARY = re.compile(r"(?<=[.!?])[\"')\]]*\s+(?=[\"'(]?[A-Z0-9_])")
_ABBREVIATION = re.compile(r"\b(?:e\.g|i\.e|etc|cf|vs|viz|resp|ca|Inc|Ltd|Mr|Dr|St|No|Fig|Sec|[A-Z])\.$")
_START = re.compile(r"[\"'(]?[A-Z]")
_END = re.compile(r"[.!?:][\"')\]]*$")
_WORD = re.compile(r"[A-Za-z]+(?:[-'/][A-Za-z]+)*(?:\(\))?[.,;:!?]*")
_CODE = re.compile(r"->|=>|[=!<>]=|::|>>>|\\\w|[{}|]|\w = |\w\(\w+[,=]|https?:|\S@\S|__\w+__\s*=")


def is_english(piece: str) -> bool:
    """Whether it is a whole sentence: a capital first, a stop last, five words or more, no code."""
    words = piece.split()
    if not LEAST_WORDS <= len(words) <= MOST_WORDS:
        return False
    if not _START.match(piece) or not _END.search(piece) or _CODE.search(piece):
        return False
    plain = sum(1 for word in words if _WORD.fullmatch(word.strip("\"'()[]")))
    return plain >= ENGLISH_SHARE * len(words)


def pieces_of(paragraph: str) -> Iterator[str]:
    """A paragraph cut where sentences end, whole sentences or not."""
    start = 0
    for boundary in _BOUNDARY.finditer(paragraph):
        piece = paragraph[start : boundary.end()].strip()
        if not _ABBREVIATION.search(piece):
            yield piece
            start = boundary.end()
    if paragraph[start:].strip():
        yield paragraph[start:].strip()
