"""Nearest distances against scikit-learn's on random clouds."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from lmgeo.numerics.neighbours import first_occurrences, nearest_distances


def sklearn_distances(oracle, X: np.ndarray, k: int) -> np.ndarray:
    search = oracle("sklearn.neighbors").NearestNeighbors(n_neighbors=k, algorithm="kd_tree")
    return search.fit(X).kneighbors()[0]


@settings(max_examples=100, deadline=None)
@given(
    X=arrays(
        st.sampled_from([np.float32, np.float64]),
        st.tuples(st.integers(3, 60), st.integers(1, 6)),
        elements=st.floats(-1000, 1000, width=32, allow_subnormal=False),
    ),
    data=st.data(),
)
def test_whatever_the_values(oracle, X: np.ndarray, data: st.DataObject) -> None:
    distinct = X[first_occurrences(X)]
    if len(distinct) < 2:
        return
    k = data.draw(st.integers(1, len(distinct) - 1))
    np.testing.assert_allclose(
        nearest_distances(distinct, k), sklearn_distances(oracle, distinct.astype(np.float64), k), rtol=1e-9
    )


@pytest.mark.parametrize("d", [2, 40])
def test_a_wide_search(oracle, d: int) -> None:
    X = np.random.default_rng(d).normal(size=(2_500, d)).astype(np.float32)
    np.testing.assert_allclose(nearest_distances(X, 20), sklearn_distances(oracle, X.astype(np.float64), 20), rtol=1e-9)
