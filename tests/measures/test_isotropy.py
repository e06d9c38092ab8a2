"""Isotropy around the origin against plain versions, with what rounding leaves open told."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.special import logsumexp

from lmgeo.core.errors import NotEnoughData
from lmgeo.measures.declare import Valued
from lmgeo.measures.isotropy import partition_isotropy, partition_isotropy_plus, uniformity
from lmgeo.measures.matrices import measure_matrix
from lmgeo.states.partition import Partition
from lmgeo.states.rows import Rows

BOTH = [partition_isotropy, partition_isotropy_plus]
RNG = np.random.default_rng(0)
X = RNG.normal(size=(200, 5)) * np.geomspace(1, 0.2, 5) + np.linspace(-0.3, 0.5, 5)


def partition(rows: np.ndarray, capacity: int = 10_000) -> Partition:
    return Partition.of(Rows.of_cloud(rows, capacity=capacity))


def slow_logs(rows: np.ndarray) -> tuple[float, float]:
    """Log of the isotropy with both signs and with one."""
    exact = rows.astype(np.float64)
    _, axes = np.linalg.eigh(exact.T @ exact)
    axes = axes * np.where(exact.sum(axis=0) @ axes < 0, -1, 1)
    plus = [logsumexp(exact @ c) for c in axes.T]
    both = plus + [logsumexp(-exact @ c) for c in axes.T]
    return min(both) - max(both), min(plus) - max(plus)


@pytest.mark.parametrize("factor", [0.1, 1.0, 1e4])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_against_plain_sums(factor: float, dtype: type) -> None:
    rows = (X * factor).astype(dtype)
    for function, log in zip(BOTH, slow_logs(rows), strict=True):
        valued = function(partition(rows))
        assert valued.details["log"] == pytest.approx(log, rel=1e-9)
        assert valued.value == math.exp(valued.details["log"])
        assert ("note" in valued.details) == (factor == 1e4)


@pytest.mark.parametrize("function", BOTH)
@pytest.mark.parametrize("change", [lambda X: X @ np.linalg.qr(RNG.normal(size=(5, 5)))[0], lambda X: -X])
def test_no_solver_decides(function, change) -> None:
    found = function(partition(change(X))).details["log"]
    assert found == pytest.approx(function(partition(X)).details["log"], rel=1e-9)


def test_what_is_not_determined_is_counted() -> None:
    assert partition_isotropy(partition(X)).details.keys() == {"log"}
    assert partition_isotropy(partition(np.eye(6))).details["undetermined_axes"] == 6
    balanced = np.vstack([X, -X])
    assert partition_isotropy_plus(partition(balanced)).details["undetermined_signs"] == 5
    assert partition_isotropy_plus(partition(balanced)).value == pytest.approx(
        partition_isotropy(partition(balanced)).value, rel=1e-9
    )


def test_one_row_lies_along_its_own_axis() -> None:
    found = partition_isotropy(partition(np.array([[3.0, 4.0]])))
    assert found.details["log"] == pytest.approx(-10.0)
    assert partition_isotropy_plus(partition(np.array([[3.0, 4.0]]))).details["log"] == pytest.approx(-5.0)


def test_rows_left_out_are_counted() -> None:
    assert partition_isotropy(partition(X, capacity=150)).details["rows_left_out"] == 50


@pytest.mark.parametrize("function", BOTH)
def test_all_zeros(function) -> None:
    with pytest.raises(NotEnoughData, match="all entries are zero"):
        function(partition(np.zeros((9, 3))))


def test_weight_matrices() -> None:
    found = measure_matrix(X, ["partition_isotropy", "partition_isotropy_plus"])
    logs = [found[name].details["log"] for name in ("partition_isotropy", "partition_isotropy_plus")]
    assert logs == pytest.approx(slow_logs(X), rel=1e-9)


def measured_uniformity(rows: np.ndarray, seed: int = 0, capacity: int = 10_000) -> Valued:
    return uniformity(Rows.of_cloud(rows, seed=seed, capacity=capacity))


def test_uniformity_of_an_even_sphere() -> None:
    # E exp(4(cos − 1)) over a sphere in three dimensions, where the cosine is uniform
    expected = math.log((1 - math.exp(-8)) / 8)
    sphere = np.random.default_rng(1).normal(size=(4_000, 3))
    valued = measured_uniformity(sphere)
    assert valued.value == pytest.approx(expected, abs=0.01)
    assert valued.details == {"pairs": 1_000_000}


def test_uniformity_drops_zero_rows_and_counts_them() -> None:
    valued = measured_uniformity(np.vstack([np.zeros((3, 5)), X]))
    assert valued.value == measured_uniformity(X).value
    assert valued.details == {"pairs": 200 * 199, "zero_rows": 3}


def test_uniformity_of_a_sample() -> None:
    assert measured_uniformity(X, capacity=150).details == {"pairs": 150 * 149, "rows_left_out": 50}


def test_the_pairs_are_the_seeds() -> None:
    rows = np.random.default_rng(2).normal(size=(1_500, 2)) + 1.0
    assert measured_uniformity(rows, 1) == measured_uniformity(rows, 1)
    assert measured_uniformity(rows, 1).value != measured_uniformity(rows, 2).value
    assert measured_uniformity(rows, 1).value == pytest.approx(measured_uniformity(rows, 2).value, abs=0.01)


@pytest.mark.parametrize("rows", [np.ones((1, 3)), np.zeros((5, 3)), np.vstack([np.ones(3), np.zeros((4, 3))])])
def test_no_pair(rows: np.ndarray) -> None:
    with pytest.raises(NotEnoughData, match="no pair"):
        measured_uniformity(rows)
