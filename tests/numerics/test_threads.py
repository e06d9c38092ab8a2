"""Work shared among threads: order, errors, and linear algebra put back as it was."""

from __future__ import annotations

import threading

import faiss  # noqa: F401  # brings a linear algebra library of its own
import numpy as np
import pytest
import scipy.linalg  # noqa: F401  # and so does scipy
from threadpoolctl import threadpool_limits

from lmgeo.numerics.threads import blas_threads, in_threads


def test_results_come_in_order() -> None:
    assert in_threads(lambda x: x * x, range(50)) == [x * x for x in range(50)]
    assert in_threads(str, []) == []


@pytest.mark.parametrize("count", [1, 2])
def test_as_many_threads_as_linear_algebra_has(count: int) -> None:
    with threadpool_limits(count, "blas"):
        seen = in_threads(lambda _: (threading.get_ident(), blas_threads()), range(20))
        assert len({thread for thread, _ in seen}) <= count
        assert {own for _, own in seen} == {1}
        assert blas_threads() == count


def test_two_really_work_at_once() -> None:
    meeting = threading.Barrier(2)
    with threadpool_limits(2, "blas"):
        places = in_threads(lambda _: meeting.wait(timeout=20), range(2))  # one thread would wait for ever
    assert sorted(places) == [0, 1]


def test_errors_are_raised_and_threads_put_back() -> None:
    before = blas_threads()
    with pytest.raises(ZeroDivisionError):
        in_threads(lambda x: 1 / x, [1, 0])
    assert blas_threads() == before
    assert np.isfinite(np.eye(3) @ np.eye(3)).all()
