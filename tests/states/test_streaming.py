"""A million rows in pieces: what one pass gives, in memory that does not know how many there are."""

from __future__ import annotations

import tracemalloc
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from lmgeo.measures.compute import compute, measure_cloud, states_needed
from lmgeo.measures.protocols import protocol
from lmgeo.states.batch import RowBatch
from lmgeo.states.moments import Moments

N, D, SHARDS = 1_000_000, 8, 7
NAMES = ["effective_rank", "eee", "isoscore", "rankme", "mean_cosine"]


def rows(start: int, stop: int) -> np.ndarray:
    """Part of one endless cloud."""
    rng = np.random.default_rng(start)
    return rng.normal(size=(stop - start, D)) * np.geomspace(3, 0.1, D) + 5


def pieces(n: int) -> Iterator[RowBatch]:
    for start in range(0, n, 10_000):
        yield RowBatch.of_cloud(rows(start, start + 10_000), start)


def peak_of(work: Callable[[], object]) -> int:
    work()  # what is loaded or compiled once is not counted
    tracemalloc.start()
    work()
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return peak


def test_shards_in_any_order_give_one_pass() -> None:
    whole = Moments.empty(D)
    shards = [Moments.empty(D) for _ in range(SHARDS)]
    order = np.random.default_rng(0).permutation(N // 10_000)
    batches = list(pieces(N))
    for batch in batches:
        whole.update(batch)
    for place in order:
        shards[place % SHARDS].update(batches[place])
    merged = Moments.empty(D)
    for shard in np.random.default_rng(1).permutation(SHARDS):
        merged = merged.merge(shards[shard])
    assert merged.n == N
    np.testing.assert_allclose(merged.mean, whole.mean, rtol=1e-10)
    np.testing.assert_allclose(merged.scatter, whole.scatter, rtol=1e-10, atol=1e-10 * np.abs(whole.scatter).max())
    np.testing.assert_allclose(merged.eigenvalues, whole.eigenvalues, rtol=1e-10)
    exact = np.linalg.eigvalsh(np.cov(np.concatenate([b.rows for b in batches]).T))[::-1]
    np.testing.assert_allclose(merged.eigenvalues, exact, rtol=1e-10)


def test_memory_does_not_depend_on_the_rows() -> None:
    def measured(n: int) -> Callable[[], object]:
        def work() -> object:
            states = {kind: kind.empty(D) for kind in states_needed(NAMES)}
            for batch in pieces(n):
                for state in states.values():
                    state.update(batch)
            return compute(states, NAMES, protocol("default"), 0)

        return work

    few, many = peak_of(measured(100_000)), peak_of(measured(N))
    assert many < 1.05 * few
    assert many < 8_000_000  # 64 MB of rows went through


@pytest.mark.parametrize("dtype", ["f4", "f2"])
def test_a_file_larger_than_the_bound(tmp_path: Path, dtype: str) -> None:
    n, d = 400_000, 64
    path = tmp_path / "large.npy"
    cloud = np.lib.format.open_memmap(path, mode="w+", dtype=dtype, shape=(n, d))
    for start in range(0, n, 50_000):
        cloud[start : start + 50_000] = np.random.default_rng(start).normal(size=(50_000, d)) + 1
    cloud.flush()
    mapped = np.load(path, mmap_mode="r")
    found = {}

    def work() -> None:
        found.update(measure_cloud(mapped, NAMES, protocol("default"), 0))

    assert peak_of(work) < 100_000_000  # as float32 the cloud takes 102 MB, in float64 twice that
    exact = np.cov(np.asarray(mapped, dtype=np.float64).T)
    values = np.linalg.eigvalsh(exact)
    assert found["effective_rank"].value == pytest.approx(
        np.exp(-(np.sqrt(values) / np.sqrt(values).sum() * np.log(np.sqrt(values) / np.sqrt(values).sum())).sum())
    )
