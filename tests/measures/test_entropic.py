"""Scatter along principal axes against slow versions built on scipy, and on clouds with flat or tied axes."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pytest
from scipy.stats import differential_entropy, entropy, multivariate_normal, norm

from lmgeo.core.errors import NotEnoughData
from lmgeo.measures.compute import measure_cloud
from lmgeo.measures.declare import Valued
from lmgeo.measures.entropic import discrete_entropy, kl_discrete, kl_gaussian, vrm
from lmgeo.measures.protocols import protocol
from lmgeo.states.axis_scores import AxisScores
from lmgeo.states.batch import RowBatch
from lmgeo.states.moments import Moments
from lmgeo.states.rows import Rows

OF_AXES = [vrm, kl_discrete, discrete_entropy]


def measured(X: np.ndarray, capacity: int = 10_000, function: Callable[[AxisScores], Valued] = vrm) -> Valued:
    return function(AxisScores.of(Rows.of_cloud(X, capacity=capacity)))


def measured_kl_gaussian(X: np.ndarray) -> float:
    state = Moments.empty(X.shape[1])
    state.update(RowBatch.of_cloud(X))
    return kl_gaussian(state)


def scaled_scores(X: np.ndarray) -> np.ndarray:
    """One axis a column, total variance d, each pointing to its farthest row."""
    centred = X.astype(np.float64) - X.astype(np.float64).mean(axis=0)
    n, d = X.shape
    _, s, axes = np.linalg.svd(centred, full_matrices=False)
    scores = centred @ axes.T * np.sqrt(d / (np.square(s).sum() / (n - 1)))
    return scores * np.where(scores.max(axis=0) < -scores.min(axis=0), -1, 1)


def slow_vrm(X: np.ndarray) -> float:
    scores, d = scaled_scores(X), X.shape[1]
    with np.errstate(divide="ignore"):  # a flat axis
        entropies = [differential_entropy(axis, method="vasicek") for axis in scores.T]
    ratios = np.exp(entropies) / np.sqrt(2 * np.pi * np.e)
    return float(np.mean([(1 - ratio) ** 2 for ratio in [*ratios, *[0.0] * (d - len(ratios))]]))


def slow_kl_discrete(X: np.ndarray) -> float:
    divergences = []
    for axis in scaled_scores(X).T:
        counts, edges = np.histogram(axis, 30)
        # either tail by the side on which its probability keeps its digits
        q = np.where(edges[:-1] < 0, np.diff(norm.cdf(edges)), -np.diff(norm.sf(edges)))
        divergences.append(entropy(counts, q))
    return float(np.mean(np.square(divergences)))


def slow_discrete_entropy(X: np.ndarray) -> float:
    scores = scaled_scores(X)
    counts = [np.histogram(axis, 30, (scores.min(), scores.max()))[0] for axis in scores.T]
    return float(np.mean([entropy(c) for c in counts]) / math.log(30))


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
    monkeypatch.setattr("lmgeo.numerics.axis_summaries._FEW_VALUES", 0)
    monkeypatch.setattr("lmgeo.numerics.axis_summaries._BLOCK_VALUES", 250)
    monkeypatch.setattr("lmgeo.numerics.moments._CHUNK_VALUES", 90)
    assert measured(X).value == pytest.approx(whole, rel=1e-10)


@pytest.mark.parametrize("n", [1, 4])
def test_too_few_rows(n: int) -> None:
    with pytest.raises(NotEnoughData, match="spacings need 5"):
        measured(np.random.default_rng(6).normal(size=(n, 3)))


def test_rows_all_equal() -> None:
    with pytest.raises(NotEnoughData, match="equal"):
        measured(np.full((30, 3), 0.1))


@pytest.mark.parametrize(("n", "d"), [(2, 1), (3, 2), (50, 1), (100, 4), (1000, 20)])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_histograms_against_numpy_and_scipy(n: int, d: int, dtype: type) -> None:
    X = (np.random.default_rng(n).gamma(2.0, size=(n, d)) * np.geomspace(3, 0.5, d) + 40).astype(dtype)
    assert measured(X, function=kl_discrete).value == pytest.approx(slow_kl_discrete(X), rel=1e-7)
    assert measured(X, function=discrete_entropy).value == pytest.approx(slow_discrete_entropy(X), rel=1e-9)


def test_a_normal_cloud_has_normal_histograms() -> None:
    X = np.random.default_rng(0).normal(size=(20_000, 5))
    assert measured(X, function=kl_discrete).value < 1e-4


def test_flat_axes_are_in_one_bin() -> None:
    X = np.random.default_rng(1).normal(size=(200, 3))
    flat = np.hstack([X, np.full((200, 2), 7.0)])
    divergence, even = measured(flat, function=kl_discrete), measured(flat, function=discrete_entropy)
    assert divergence.details["flat_axes"] == even.details["flat_axes"] == 2
    # the live axes alone have a total variance of 3, not 5
    scaled = divergence.value - 2 / 5 * math.log(30) ** 2
    assert 0 < scaled < math.log(30) ** 2
    assert even.value == pytest.approx(3 / 5 * measured(X, function=discrete_entropy).value, rel=1e-9)


@pytest.mark.parametrize("function", OF_AXES)
@pytest.mark.parametrize("shift", [1e6, 1e8])
def test_huge_means(function: Callable[[AxisScores], Valued], shift: float) -> None:
    X = np.random.default_rng(2).gamma(2.0, size=(300, 4)) * np.geomspace(3, 1, 4)
    near = (X + shift) - shift  # what is left of the digits
    assert measured(X + shift, function=function).value == pytest.approx(
        measured(near, function=function).value, rel=1e-6
    )


def test_no_solver_decides_the_range_of_all_axes() -> None:
    # skewed axes: with the signs of another solver the range, and so the entropy, would be another
    X = np.random.default_rng(3).gamma(0.5, size=(500, 4)) * np.array([4.0, 3.0, 2.0, 1.0])
    value = measured(X, function=discrete_entropy).value
    for signs in ([-1, 1, 1, 1], [1, -1, -1, 1], [-1, -1, -1, -1]):
        assert measured(X * np.array(signs), function=discrete_entropy).value == pytest.approx(value, rel=1e-12)


@pytest.mark.parametrize("function", [kl_discrete, discrete_entropy])
def test_histograms_of_rows_all_equal(function: Callable[[AxisScores], Valued]) -> None:
    with pytest.raises(NotEnoughData, match="equal"):
        measured(np.full((30, 3), 0.1), function=function)
    with pytest.raises(NotEnoughData, match="equal"):
        measured(np.ones((1, 3)), function=function)


def test_half_floats() -> None:
    X = np.random.default_rng(4).normal(size=(200, 4)).astype(np.float16)
    found = measure_cloud(X, ["vrm", "kl_discrete", "discrete_entropy"], protocol("default"), 0)
    assert found["vrm"].value == pytest.approx(slow_vrm(X.astype(np.float32)), rel=1e-7)
    assert found["kl_discrete"].value == pytest.approx(slow_kl_discrete(X.astype(np.float32)), rel=1e-7)


def test_kl_gaussian_is_the_mean_log_ratio_of_the_two_densities() -> None:
    X = np.random.default_rng(5).normal(size=(400, 3)) @ np.diag([2.0, 1.0, 0.5])
    covariance = np.cov(X.T)
    covariance *= 3 / np.trace(covariance)
    own = multivariate_normal(cov=covariance)
    sample = own.rvs(200_000, random_state=0)
    ratio = own.logpdf(sample) - multivariate_normal(cov=np.eye(3)).logpdf(sample)
    assert measured_kl_gaussian(X) == pytest.approx(ratio.mean(), abs=5 * ratio.std() / 200_000**0.5)


def test_kl_gaussian_by_the_determinant() -> None:
    X = np.random.default_rng(6).normal(size=(50, 6)) * np.geomspace(100, 0.01, 6) + 1e6
    covariance = np.cov((X - 1e6).T)
    covariance *= 6 / np.trace(covariance)
    expected = 0.5 * (np.trace(covariance) - 6 - np.linalg.slogdet(covariance)[1])
    assert measured_kl_gaussian(X) == pytest.approx(expected, rel=1e-7)
    assert measured_kl_gaussian(np.vstack([np.eye(4), -np.eye(4)])) == pytest.approx(0.0, abs=1e-14)


def test_kl_gaussian_of_flat_axes_is_infinite_and_refused() -> None:
    X = np.random.default_rng(7).normal(size=(20, 4))
    with pytest.raises(NotEnoughData, match="1 of 5 axes"):
        measured_kl_gaussian(np.hstack([X, np.full((20, 1), 3.0)]))
    with pytest.raises(NotEnoughData, match="1 of 4 axes"):
        measured_kl_gaussian(X[:4])


def test_axes_that_no_variance_tells_apart_are_counted() -> None:
    even = measure_cloud(np.eye(20), ["vrm"], protocol("default"), 0)["vrm"]
    assert even.details["undetermined_axes"] == 19  # the mean's own axis is flat
    X = np.random.default_rng(0).normal(size=(50, 5)) * [5, 4, 3, 2, 1]
    assert "undetermined_axes" not in measure_cloud(X, ["vrm"], protocol("default"), 0)["vrm"].details
