"""Time spent on a run over all its sittings, and when to save it next."""

from __future__ import annotations

import time

SAVE_SECONDS = 60.0
_SAVING_SHARE = 20.0  # a large model's save takes long: at most a twentieth of the time goes there


class Clock:
    """A running clock that starts at the seconds spent before."""

    def __init__(self, before: float) -> None:
        self._start = time.monotonic() - before
        self._next = time.monotonic() + SAVE_SECONDS
        self._asked = 0.0

    def seconds(self) -> float:
        """Spent so far."""
        return time.monotonic() - self._start

    def save_is_due(self) -> bool:
        """Whether it is time to save."""
        self._asked = time.monotonic()
        return self._asked >= self._next

    def saved(self) -> None:
        """Told that a save just ended."""
        now = time.monotonic()
        self._next = now + max(SAVE_SECONDS, _SAVING_SHARE * (now - self._asked))
