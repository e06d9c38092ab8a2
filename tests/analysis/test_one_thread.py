"""One thread inside the block, and what there was before after it."""

from __future__ import annotations

import subprocess
import sys

CODE = """
import sys, numpy
from threadpoolctl import threadpool_info, threadpool_limits
from lmgeo.analysis.one_thread import one_thread
with threadpool_limits(2):
    with one_thread():
        pass
    import sklearn.ensemble
    before = {lib["num_threads"] for lib in threadpool_info()}
    with one_thread():
        inside = {(lib["user_api"], lib["num_threads"]) for lib in threadpool_info()}
    after = {lib["num_threads"] for lib in threadpool_info()}
assert before == after, (before, after)
assert {api for api, _ in inside} == {"blas", "openmp"} and {n for _, n in inside} == {1}, inside
"""


def test_every_library_is_held_even_one_that_is_loaded_later() -> None:
    done = subprocess.run([sys.executable, "-c", CODE], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
