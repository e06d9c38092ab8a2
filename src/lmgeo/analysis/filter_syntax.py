"""`--filter` expressions: read by hand, never evaluated as code.

    filter     = clause { "or" clause }
    clause     = comparison { "and" comparison }
    comparison = NAME ("==" | "!=" | "<" | "<=" | ">" | ">=") VALUE
               | NAME ["not"] "in" "[" VALUE { "," VALUE } "]"

A NAME or VALUE with spaces or signs in it is written in quotes.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from lmgeo.core.errors import SpecError

_TOKEN = re.compile(
    r"""\s*(?:(?P<op>==|!=|<=|>=|<|>)|(?P<mark>[\[\],])"""
    r"""|"(?P<dq>[^"]*)"|'(?P<sq>[^']*)'|`(?P<bq>[^`]*)`|(?P<word>[^\s\[\],=!<>"'`()]+))"""
)
_EXAMPLE = 'write comparisons as in "alpha > 0 and model not in [rand, untrained]"'


@dataclass(frozen=True)
class Comparison:
    """One comparison: `column sign values`; `in` and `not in` take several values."""

    column: str
    sign: str
    values: tuple[str, ...]


@dataclass(frozen=True)
class _Token:
    text: str
    kind: str
    at: int


def parse_filter(text: str) -> list[list[Comparison]]:
    """The alternatives of a filter, each a list of comparisons that must all hold.

    Raises:
        SpecError: showing the spot that cannot be read.
    """
    return _Parser(text).filter()


class _Parser:
    def __init__(self, text: str) -> None:
        self._text = text
        self._tokens = _tokens(text)
        self._next = 0

    def filter(self) -> list[list[Comparison]]:
        clauses = [self._clause()]
        while self._take_word("or"):
            clauses.append(self._clause())
        if self._next < len(self._tokens):
            raise self._error("unexpected")
        return clauses

    def _clause(self) -> list[Comparison]:
        comparisons = [self._comparison()]
        while self._take_word("and"):
            comparisons.append(self._comparison())
        return comparisons

    def _comparison(self) -> Comparison:
        column = self._name("a column")
        if self._take_word("not"):
            if not self._take_word("in"):
                raise self._error("'in' is missing before")
            return Comparison(column, "not in", self._list())
        if self._take_word("in"):
            return Comparison(column, "in", self._list())
        token = self._peek()
        if token is None or token.kind != "op":
            raise self._error("a comparison (== != < <= > >= in) is missing before")
        self._next += 1
        return Comparison(column, token.text, (self._name("a value"),))

    def _list(self) -> tuple[str, ...]:
        self._mark("[")
        values = [self._name("a value")]
        while not self._take_mark("]"):
            self._mark(",")
            values.append(self._name("a value"))
        return tuple(values)

    def _peek(self) -> _Token | None:
        return self._tokens[self._next] if self._next < len(self._tokens) else None

    def _name(self, what: str) -> str:
        token = self._peek()
        if token is None or token.kind not in ("word", "quoted"):
            raise self._error(f"{what} is missing before")
        self._next += 1
        return token.text

    def _take_word(self, word: str) -> bool:
        token = self._peek()
        found = token is not None and token.kind == "word" and token.text == word
        self._next += found
        return found

    def _take_mark(self, mark: str) -> bool:
        token = self._peek()
        found = token is not None and token.kind == "mark" and token.text == mark
        self._next += found
        return found

    def _mark(self, mark: str) -> None:
        if not self._take_mark(mark):
            raise self._error(f"{mark!r} is missing before")

    def _error(self, what: str) -> SpecError:
        token = self._peek()
        return _spot_error(self._text, token.at if token else len(self._text), what)


def _tokens(text: str) -> list[_Token]:
    tokens, at = [], 0
    while text[at:].strip():
        match = _TOKEN.match(text, at)
        if match is None:
            at += len(text[at:]) - len(text[at:].lstrip())
            hint = (
                "write == for equality; unexpected" if text[at] == "=" else "put names with signs in quotes; unexpected"
            )
            raise _spot_error(text, at, hint)
        kind = str(match.lastgroup)
        start = match.start(kind)
        tokens.append(_Token(match[kind], "quoted" if kind in ("dq", "sq", "bq") else kind, start))
        at = match.end()
    return tokens


def _spot_error(text: str, at: int, what: str) -> SpecError:
    rest = text[at : at + 20]
    spot = f"{rest!r} (character {at + 1})" if rest else "the end"
    return SpecError(f"--filter {text!r}: {what} {spot}", _EXAMPLE)
