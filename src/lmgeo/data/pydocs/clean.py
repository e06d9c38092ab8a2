"""From raw documentation to paragraphs of prose: no code, tables, rules or markup."""

from __future__ import annotations

import re
from collections.abc import Iterator

_LIST_ITEM = re.compile(r"(?:[*+•-]|\(?[0-9a-zA-Z]{1,2}[.)])\s+(?=\S)")
_DEFINITION = re.compile(r"^(?:[\w.*,()\[\]'\" ]{1,40}?\s?(?:--|-|:)|:\w+[^:]{0,40}:)\s+(?=[A-Z][a-z]*\s)")
_NO_PROSE = re.compile(
    r">>>|\.\.\.(?:\s|$)|[$%#@|]|\.\. |\+[-=+]|[=~_*^-]{3,}|def |class \w+[(:]|import |from [\w.]+ import|\w+ *::="
)
_COLUMNS = re.compile(r"\S {3,}\S")
_MARKUP = (
    (re.compile(r":[a-z]+(?::[a-z]+)*:`[~!]?([^`<]*?)(?:\s*<[^>]*>)?`"), r"\1"),  # :class:`name`
    (re.compile(r"``([^`]*)``"), r"\1"),
    (re.compile(r"`([^`']*)[`']_{0,2}"), r"\1"),
    (re.compile(r"(?<![\w*])(\*{1,2})([^*\s](?:[^*]*[^*\s])?)\1(?![\w*])"), r"\2"),
    (re.compile(r"\s*\[\d+\]_?"), ""),  # footnote marks
    (re.compile(r"\s+"), " "),
)
_QUOTES = str.maketrans({"“": '"', "”": '"', "‘": "'", "’": "'", "\u00a0": " "})


def paragraphs(text: str) -> Iterator[str]:
    """The prose paragraphs and list items of one documentation text, each on one line, in order."""
    verbatim: int | None = None  # code follows `::`, as long as it is indented deeper than this
    for start, indent, lines in _blocks(text.expandtabs().translate(_QUOTES)):
        if verbatim is not None and start > verbatim:
            continue
        verbatim = indent if lines[-1].endswith("::") else None
        if not any(_NO_PROSE.match(line) or _COLUMNS.search(line) for line in lines):
            yield _plain(" ".join(lines))


def _blocks(text: str) -> Iterator[tuple[int, int, list[str]]]:
    """Runs of lines that belong together, as (column of its start, column of its text, stripped lines).

    A blank line, a list mark and a change of indentation each start a new one; a list
    item's further lines hang under its text.
    """
    start, indent, block = 0, 0, list[str]()
    for line in text.split("\n"):
        stripped = line.strip()
        here = len(line) - len(line.lstrip())
        mark = _LIST_ITEM.match(stripped)
        if block and (not stripped or mark or here != indent):
            yield start, indent, block
            block = []
        if not stripped:
            continue
        if not block:
            start, indent = here, here + (mark.end() if mark else 0)
            stripped = stripped[mark.end() :] if mark else stripped
        block.append(stripped)
    if block:
        yield start, indent, block


def _plain(paragraph: str) -> str:
    for pattern, replacement in _MARKUP:
        paragraph = pattern.sub(replacement, paragraph)
    return _DEFINITION.sub("", paragraph.strip(), count=1)
