"""The threads of a quantizer, set around it and put back: the one place that does so."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def faiss_threads(count: int) -> Iterator[None]:
    """Run the block with `count` FAISS threads.

    With huge column means the sums of an additive quantizer depend on how threads share
    them, so the count belongs to a result's identity.
    """
    import faiss

    before = faiss.omp_get_max_threads()
    faiss.omp_set_num_threads(count)
    try:
        yield
    finally:
        faiss.omp_set_num_threads(before)
