"""Work shared among the threads that linear algebra was given."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import TypeVar

from threadpoolctl import ThreadpoolController

T = TypeVar("T")
R = TypeVar("R")


def blas_threads() -> int:
    """How many threads linear algebra may use now."""
    return _count(ThreadpoolController())


def in_threads(function: Callable[[T], R], items: Sequence[T]) -> list[R]:
    """`function` of each item, in order; as many at once as linear algebra has threads.

    Each of them calls linear algebra on one thread: sorting, logarithms and selection then keep
    every core as busy as products do. A single item is left to linear algebra's own threads.
    Results must not depend on what runs beside.
    """
    if len(items) <= 1:
        return [function(item) for item in items]
    controller = ThreadpoolController()
    threads = _count(controller)  # before the limit, which it would see
    alone = partial(controller.limit, limits=1, user_api="blas")
    # once more in each thread: libraries on OpenMP, as FAISS brings one, keep a limit for each thread
    with alone(), ThreadPoolExecutor(threads, initializer=alone) as pool:
        try:
            return list(pool.map(function, items))
        except BaseException:  # an error or an interruption: what has not begun need not begin
            pool.shutdown(wait=False, cancel_futures=True)
            raise


def _count(controller: ThreadpoolController) -> int:
    return max((library["num_threads"] for library in controller.select(user_api="blas").info()), default=1)
