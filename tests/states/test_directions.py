"""The sum of unit vectors, zero rows apart."""

from __future__ import annotations

import numpy as np
import pytest

from lmgeo.states.batch import RowBatch
from lmgeo.states.directions import Directions


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_against_numpy(dtype: type, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("lmgeo.numerics.directions._CHUNK_VALUES", 30)
    X = np.random.default_rng(0).normal(size=(50, 5)).astype(dtype)
    X[[3, 20]] = 0
    state = Directions.empty(5)
    state.update(RowBatch.of_cloud(X))
    exact = np.delete(X, [3, 20], axis=0).astype(np.float64)
    np.testing.assert_allclose(state.unit_sum, (exact / np.linalg.norm(exact, axis=1, keepdims=True)).sum(axis=0))
    assert (state.count, state.zero_rows, state.n) == (48, 2, 50)
