"""IsoScore against its authors' package on random clouds."""

from __future__ import annotations

from types import ModuleType

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lmgeo.measures.spectral import isoscore
from lmgeo.states.batch import RowBatch
from lmgeo.states.moments import Moments


@pytest.fixture(scope="module")
def package(oracle) -> ModuleType:
    return oracle("IsoScore.IsoScore")


def ours(X: np.ndarray) -> float:
    state = Moments.empty(X.shape[1])
    state.update(RowBatch.of_cloud(X))
    return isoscore(state).value


@st.composite
def clouds(draw: st.DrawFn) -> np.ndarray:
    n, d = draw(st.integers(2, 80)), draw(st.integers(2, 40))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    fall = draw(st.floats(0, 3))
    return rng.normal(size=(n, d)) * np.arange(1, d + 1) ** -fall + draw(st.integers(-100, 100))


@settings(max_examples=60, deadline=None)
@given(X=clouds())
def test_rows_are_points(package: ModuleType, X: np.ndarray) -> None:
    # the wheel wants points as rows, as here; its constants are in single precision
    assert ours(X) == pytest.approx(float(package.IsoScore(X)), rel=1e-5, abs=1e-6)


def test_columns_as_points_are_another_cloud(package: ModuleType) -> None:
    X = np.random.default_rng(0).normal(size=(60, 8)) * np.geomspace(3, 0.2, 8)
    turned = float(package.IsoScore(X.T))
    assert ours(X) != pytest.approx(turned, rel=1e-2)
    assert ours(X.T.copy()) == pytest.approx(turned, rel=1e-5, abs=1e-6)
