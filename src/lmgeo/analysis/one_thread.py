"""Linear algebra on one thread: sums come in one order, so figures are the same bits on any number of cores."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from threadpoolctl import ThreadpoolController


@contextmanager
def one_thread() -> Iterator[None]:
    """Hold numpy's linear algebra, and the trees' threads once they are loaded, to one thread until the block ends."""
    with _controller("sklearn.ensemble" in sys.modules).limit(limits=1):
        yield


@cache
def _controller(with_trees: bool) -> ThreadpoolController:
    """What holds them; looking for the libraries reads the process's memory map, so once is enough."""
    from threadpoolctl import ThreadpoolController

    return ThreadpoolController()
