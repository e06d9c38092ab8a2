"""How long work tells how far it is, without knowing who listens."""

from __future__ import annotations

from typing import Protocol, runtime_checkable


@runtime_checkable
class Progress(Protocol):
    """Called as work goes on: `progress("tokens", 3, 10)` is three of ten done."""

    def __call__(self, label: str, done: float, total: float) -> None: ...


def silent(label: str, done: float, total: float) -> None:
    """A listener that shows nothing."""
