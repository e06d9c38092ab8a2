"""Linear algebra on one thread: sums come in one order, so figures are the same bits on any number of cores."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def one_thread() -> Iterator[None]:
    """Hold the libraries that are loaded now to one thread, BLAS and OpenMP alike, until the block ends."""
    from threadpoolctl import ThreadpoolController

    with ThreadpoolController().limit(limits=1):
        yield
