"""The few errors a user can meet. Each says what is wrong, where it stands, and how to mend it."""

from __future__ import annotations

import difflib
from collections.abc import Iterable


class LmgeoError(Exception):
    """Base of every error that is the input's, not ours.

    Args:
        what: the offending value and where it stands (file, line, key).
        mend: what to do about it, as an instruction.
    """

    def __init__(self, what: str, mend: str) -> None:
        super().__init__(what, mend)
        self.what = what
        self.mend = mend

    def __str__(self) -> str:
        return f"{self.what}\n  → {self.mend}"


class SpecError(LmgeoError):
    """A setting, file or value that cannot be accepted as written."""


class UnknownName(LmgeoError):
    """A name that no registry holds."""

    @classmethod
    def among(cls, kind: str, name: str, known: Iterable[str], where: str = "") -> UnknownName:
        """The error for `name`, with the near ones of `known` as the mend."""
        place = f" in {where}" if where else ""
        return cls(f"unknown {kind} {name!r}{place}", suggestion(name, known))


class NotEnoughData(LmgeoError):
    """Input that is sound but too small, or empty."""


class IncompatibleState(LmgeoError):
    """Two states that were made with unlike settings."""


class MissingExtra(LmgeoError):
    """An optional part of the installation that is not there."""


class Unfinished(LmgeoError):
    """Work that stopped at a limit the user set; what was done is kept and can go on."""


class StoreError(LmgeoError):
    """A result store that cannot be read or written as asked."""


def first_line(error: BaseException) -> str:
    """What a library's error says, short enough for a message of ours; its kind where it says nothing."""
    return str(error).strip().split("\n")[0][:200] or type(error).__name__


def suggestion(name: str, known: Iterable[str]) -> str:
    """A mend for a mistyped name: the near ones, else all of them."""
    options = sorted(set(known))  # a bare name may be a whole one too
    by_folded = {option.casefold(): option for option in options}
    near = [by_folded[n] for n in difflib.get_close_matches(name.casefold(), by_folded, n=3, cutoff=0.6)]
    if near:
        return f"did you mean {' or '.join(repr(n) for n in near)}?"
    return f"choose one of: {', '.join(options)}" if options else "none is available here"
