"""The partition function of a reservoir."""

from __future__ import annotations

import numpy as np

from lmgeo.states.partition import Partition
from lmgeo.states.rows import Rows


def test_it_tells_what_it_is_of_and_is_computed_once() -> None:
    X = np.random.default_rng(0).normal(size=(90, 4))
    state = Partition.of(Rows.of_cloud(X, capacity=60))
    assert (state.n, state.d, state.rows_left_out) == (60, 4, 30)
    assert state.log is state.log
    assert state.log.plus.shape == (4,)
