"""Scaling by powers of two."""

from __future__ import annotations

import numpy as np
import pytest

from lmgeo.numerics.reach import within_reach

NORMAL = np.random.default_rng(0).normal(size=(30, 4))


@pytest.mark.parametrize("factor", [0.0, 1e-80, 1.0, 1e80])
def test_what_is_in_reach_is_not_copied(factor: float) -> None:
    X = NORMAL * factor
    assert within_reach(X) is X
    assert within_reach(X[:0]).shape == (0, 4)


@pytest.mark.parametrize("factor", [1e-300, 1e-120, 1e120, 1e300])
def test_what_is_not_is_scaled_exactly(factor: float) -> None:
    near = within_reach(NORMAL * factor)
    assert 0.5 <= np.abs(near).max() < 1
    np.testing.assert_array_equal(near / near[0, 0], NORMAL * factor / (NORMAL * factor)[0, 0])
