"""Intrinsic dimension against scikit-dimension on random clouds."""

from __future__ import annotations

import warnings
from types import ModuleType

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lmgeo.measures.neighbours import mle_id, twonn
from lmgeo.states.neighbours import Neighbours
from lmgeo.states.rows import Rows


@pytest.fixture(scope="module")
def skdim(oracle) -> ModuleType:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # what it says on import is its own affair
        return oracle("skdim.id")


@st.composite
def clouds(draw: st.DrawFn, least: int) -> np.ndarray:
    n, d, inner = draw(st.integers(least, 120)), draw(st.integers(2, 30)), draw(st.integers(1, 30))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    scale = 10.0 ** draw(st.integers(-6, 6))
    return scale * (rng.gamma(2.0, size=(n, inner)) @ rng.normal(size=(inner, d)) + rng.normal(size=d))


def neighbours(X: np.ndarray) -> Neighbours:
    return Neighbours.of(Rows.of_cloud(X))


@settings(max_examples=60, deadline=None)
@given(X=clouds(least=10))
def test_twonn(skdim: ModuleType, X: np.ndarray) -> None:
    estimator = skdim.TwoNN(discard_fraction=0.1).fit(X)
    log_ratios, n = estimator.x_[:, 0], len(X)
    # scikit-dimension takes i/N for the share of ratios up to the i-th since 0.5, (i − 1)/N before
    for start, value in ((1, estimator.dimension_), (0, twonn(neighbours(X)).value)):
        y = -np.log(1 - np.arange(start, start + len(log_ratios)) / n)
        assert value == pytest.approx(log_ratios @ y / (log_ratios @ log_ratios), rel=1e-6)


@settings(max_examples=60, deadline=None)
@given(X=clouds(least=22))
def test_mle(skdim: ModuleType, X: np.ndarray) -> None:
    found = skdim.MLE().fit(X, n_neighbors=20, comb="mle")  # inverses averaged, as MacKay & Ghahramani do
    assert mle_id(neighbours(X)).value == pytest.approx(found.dimension_, rel=1e-6)


def test_where_it_gives_nothing_for_duplicates_we_remove_them(skdim: ModuleType) -> None:
    X = np.random.default_rng(0).normal(size=(300, 5))
    ours = mle_id(neighbours(np.vstack([X, X[:30]])))
    assert ours.details["duplicates"] == 30
    assert ours.value == pytest.approx(skdim.MLE().fit(X, n_neighbors=20, comb="mle").dimension_, rel=1e-6)
