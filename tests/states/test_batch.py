"""Batches: unlike lengths and types refused, clouds numbered on from chunk to chunk."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest

from lmgeo.states.batch import RowBatch


def test_a_cloud_has_a_sequence_a_row() -> None:
    batch = RowBatch.of_cloud(np.zeros((3, 2)), start=5)
    assert batch.sequence.tolist() == [5, 6, 7]
    assert batch.position.tolist() == [0, 0, 0]
    assert not batch.special.any()
    assert (len(batch), batch.d) == (3, 2)


def test_chunks_number_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("lmgeo.numerics.moments._CHUNK_VALUES", 8)
    X = np.arange(20.0).reshape(10, 2)
    chunks = list(RowBatch.chunks_of_cloud(X))
    assert [len(chunk) for chunk in chunks] == [4, 4, 2]
    np.testing.assert_array_equal(np.concatenate([chunk.rows for chunk in chunks]), X)
    np.testing.assert_array_equal(np.concatenate([chunk.sequence for chunk in chunks]), np.arange(10))


def test_take() -> None:
    batch = RowBatch.of_cloud(np.arange(8.0).reshape(4, 2))
    assert batch.take(np.array([3, 1])).sequence.tolist() == [3, 1]
    assert batch.take(slice(1, 3)).rows.tolist() == [[2, 3], [4, 5]]


@pytest.mark.parametrize(
    "arguments",
    [
        "np.zeros((3, 2)), np.arange(2), np.arange(3), np.zeros(3, bool)",
        "np.zeros((3, 2)), np.arange(3), np.arange(3), np.zeros(4, bool)",
        "np.zeros(3), np.arange(3), np.arange(3), np.zeros(3, bool)",
        "np.zeros((3, 2), np.float16), np.arange(3), np.arange(3), np.zeros(3, bool)",
        "np.zeros((3, 2), int), np.arange(3), np.arange(3), np.zeros(3, bool)",
    ],
)
def test_shapes_are_checked_without_the_test_hook(arguments: str) -> None:
    code = (
        "import numpy as np; from lmgeo.core.errors import SpecError; from lmgeo.states.batch import RowBatch\n"
        f"try: RowBatch({arguments})\nexcept SpecError: raise SystemExit(0)\nraise SystemExit(1)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
