"""Clouds and transformations that the laws are tested on."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from lmgeo.states.batch import RowBatch


def token_batch(n: int, d: int, seed: int = 0, dtype: type = np.float64, first: int = 0) -> RowBatch:
    """Rows of sequences of seven tokens, the first and last of each special."""
    rng = np.random.default_rng(seed)
    index = np.arange(first, first + n)
    scales = np.geomspace(2.0, 0.1, d)
    rows = (rng.normal(size=(n, d)) * scales + rng.normal(size=d)).astype(dtype)
    return RowBatch(rows, index // 7, index % 7, np.isin(index % 7, (0, 6)))


@pytest.fixture
def batch_of() -> Callable[..., RowBatch]:
    return token_batch
