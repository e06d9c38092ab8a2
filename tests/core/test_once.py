"""Attributes made once, and threads that do not wait for each other over them."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from lmgeo.core.once import made_once


class Thing:
    """Counts how often its attribute is made."""

    def __init__(self) -> None:
        self.made = 0

    @made_once
    def value(self) -> list[int]:
        """What it is."""
        self.made += 1
        return [self.made]


def test_made_when_first_read_and_kept() -> None:
    thing, other = Thing(), Thing()
    assert thing.made == 0
    assert thing.value is thing.value
    assert (thing.made, other.made) == (1, 0)
    assert other.value == [1]
    assert other.value is not thing.value


def test_the_class_has_the_descriptor_with_its_words() -> None:
    assert isinstance(Thing.value, made_once)
    assert Thing.value.__doc__ == "What it is."


def test_nothing_is_kept_of_an_error() -> None:
    class Failing:
        tries = 0

        @made_once
        def value(self) -> int:
            self.tries += 1
            if self.tries == 1:
                raise ZeroDivisionError
            return self.tries

    failing = Failing()
    with pytest.raises(ZeroDivisionError):
        _ = failing.value
    assert failing.value == 2


def test_objects_in_two_threads_are_made_side_by_side() -> None:
    meeting = threading.Barrier(2)

    class Meeting:
        @made_once
        def value(self) -> int:
            return meeting.wait(timeout=20)  # under a lock of the class one would wait for ever

    with ThreadPoolExecutor(2) as pool:
        assert sorted(pool.map(lambda thing: thing.value, [Meeting(), Meeting()])) == [0, 1]
