"""VRM against a slow version built on scipy's entropy, and on clouds with flat or tied axes."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import differential_entropy

from lmgeo.core.errors import NotEnoughData
from lmgeo.measures.declare import Valued
from lmgeo.measures.entropic import vrm
from lmgeo.states.batch import RowBatch
from lmgeo.states.rows import Rows


def measured(X: np.ndarray, capacity: int = 10_000) -> Valued:
    state = Rows.empty(X.shape[1], capacity=capacity)
    state.update(RowBatch.of_cloud(X))
    return vrm(state)


def slow_vrm(X: np.ndarray) -> float:
    centred = X.astype(np.float64) - X.astype(np.float64).mean(axis=0)
    n, d = X.shape
    _, s, axes = np.linalg.svd(centred, full_matrices=False)
    projected = centred @ axes.T * np.sqrt(d / (np.square(s).sum() / (n - 1)))
    with np.errstate(divide="ignore"):  # a flat axis
        entropies = [differential_entropy(projected[:, j], method="vasicek") for j in range(len(s))]
    ratios = np.exp(entropies) / np.sqrt(2 * np.pi * np.e)
    return float(np.mean([(1 - ratio) ** 2 for ratio in [*ratios, *[0.0] * (d - len(s))]]))


@pytest.mark.parametrize(("n", "d"), [(5, 2), (6, 3), (7, 1), (100, 4), (1000, 20)])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_against_scipy(n: int, d: int, dtype: type) -> None:
    X = (np.random.default_rng(n).gamma(2.0, size=(n, d)) * np.geomspace(5, 0.3, d) + 40).astype(dtype)
    assert measured(X).value == pytest.approx(slow_vrm(X), rel=1e-9)


def test_a_normal_cloud_is_near_zero() -> None:
    assert measured(np.random.default_rng(0).normal(size=(5000, 5))).value < 0.01


def test_flat_axes_count_as_zero() -> None:
    X = np.random.default_rng(1).normal(size=(200, 3))
    flat = np.hstack([X, np.full((200, 2), 7.0)])
    valued = measured(flat)
    assert valued.details["flat_axes"] == 2
    assert valued.value == pytest.approx(slow_vrm(flat), rel=1e-9)


def test_fewer_rows_than_columns() -> None:
    X = np.random.default_rng(2).normal(size=(20, 50))
    assert measured(X).details["flat_axes"] == 31
    assert measured(X).value >= 31 / 50


def test_many_equal_rows_have_no_entropy() -> None:
    # more rows than a spacing spans coincide: −∞ by definition, whatever rounding makes of them
    rng = np.random.default_rng(3)
    X = np.vstack([rng.normal(size=(300, 4)), np.repeat(rng.normal(size=(1, 4)), 100, axis=0)])
    valued = measured(X)
    assert valued.value == 1.0
    assert valued.details["axes_with_ties"] == 4


def test_left_out_rows_are_counted() -> None:
    X = np.random.default_rng(4).normal(size=(500, 3))
    valued = measured(X, capacity=400)
    assert valued.details["rows_left_out"] == 100
    assert valued.value == pytest.approx(measured(X).value, abs=0.05)


def test_a_wide_block_is_projected_in_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    X = np.random.default_rng(5).normal(size=(100, 7))
    whole = measured(X).value
    monkeypatch.setattr("lmgeo.numerics.projection._BLOCK_VALUES", 250)
    monkeypatch.setattr("lmgeo.numerics.moments._CHUNK_VALUES", 90)
    assert measured(X).value == pytest.approx(whole, rel=1e-10)


@pytest.mark.parametrize("n", [1, 4])
def test_too_few_rows(n: int) -> None:
    with pytest.raises(NotEnoughData, match="spacings need 5"):
        measured(np.random.default_rng(6).normal(size=(n, 3)))


def test_rows_all_equal() -> None:
    with pytest.raises(NotEnoughData, match="equal"):
        measured(np.full((30, 3), 0.1))
