"""Measures of nearest neighbours against plain versions, on clouds with duplicates and with few rows."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.spatial.distance import cdist

from lmgeo.core.errors import NotEnoughData
from lmgeo.measures.compute import measure_cloud
from lmgeo.measures.declare import Valued
from lmgeo.measures.neighbours import knn_overlap, koleo_ratio, mle_id, twonn
from lmgeo.measures.protocols import protocol
from lmgeo.states.neighbours import Neighbours
from lmgeo.states.rows import Rows

ALL = [twonn, mle_id, knn_overlap, koleo_ratio]
RNG = np.random.default_rng(0)
X = RNG.gamma(2.0, size=(300, 6)) @ RNG.normal(size=(6, 6))


def measured(function, rows: np.ndarray) -> Valued:
    return function(Neighbours.of(Rows.of_cloud(rows)))


def sorted_distances(rows: np.ndarray) -> np.ndarray:
    return np.sort(cdist(rows, rows), axis=1)[:, 1:]


def entropy(rows: np.ndarray) -> float:
    return float(np.mean(np.log(len(rows) * sorted_distances(rows)[:, 0]))) + math.log(2) + np.euler_gamma


def test_twonn() -> None:
    nearest = sorted_distances(X)
    log_ratios = np.sort(np.log(nearest[:, 1] / nearest[:, 0]))[:270]
    y = -np.log(1 - np.arange(270) / 300)
    assert measured(twonn, X).value == pytest.approx(log_ratios @ y / (log_ratios @ log_ratios), rel=1e-9)


def test_mle_id() -> None:
    nearest = sorted_distances(X)[:, :20]
    inverse = np.mean(np.sum(np.log(nearest[:, 19:] / nearest[:, :19]), axis=1) / 19)
    assert measured(mle_id, X).value == pytest.approx(1 / inverse, rel=1e-9)


def test_knn_overlap() -> None:
    nearest = sorted_distances(X)
    pair = [nearest[:, 0], nearest[:, 29]]
    bins = np.histogram_bin_edges(np.concatenate(pair), 30)
    expected = np.minimum(*(np.histogram(part, bins)[0] for part in pair)).sum() / 300
    assert 0 < expected < 1
    assert measured(knn_overlap, X).value == pytest.approx(expected, rel=1e-9)


def test_koleo_ratio() -> None:
    rng = np.random.default_rng(1)
    normal = [entropy(rng.normal(size=(300, 6))) for _ in range(100)]
    scaled = X * math.sqrt(6 / X.var(axis=0, ddof=1).sum())
    valued = measured(koleo_ratio, X)
    assert valued.details["entropy"] == pytest.approx(entropy(scaled), rel=1e-9)
    assert valued.details["normal_entropy"] == pytest.approx(np.mean(normal), abs=4 * np.std(normal) / 10)
    assert valued.value == pytest.approx(valued.details["entropy"] / valued.details["normal_entropy"], rel=1e-12)


def test_a_normal_cloud_is_like_itself() -> None:
    values = [measured(koleo_ratio, np.random.default_rng(seed).normal(size=(500, 8))).value for seed in range(5)]
    assert np.mean(values) == pytest.approx(1.0, abs=0.01)


@pytest.mark.parametrize("function", ALL)
@pytest.mark.parametrize("share", [0.1, 0.9])
def test_duplicates_are_removed_and_counted(function, share: float) -> None:
    copies = int(300 * share)
    valued = measured(function, np.vstack([X, X[:copies]]))
    assert valued.value == pytest.approx(measured(function, X).value, rel=1e-9)
    assert valued.details["duplicates"] == copies


@pytest.mark.parametrize("function", ALL)
def test_huge_means_in_single_precision(function) -> None:
    far = (X + 1e4).astype(np.float32)
    near = far.astype(np.float64) - 1e4
    assert measured(function, far).value == pytest.approx(measured(function, near).value, rel=1e-7)


@pytest.mark.parametrize("function", ALL)
def test_rows_all_equal(function) -> None:
    with pytest.raises(NotEnoughData, match="1 distinct"):
        measured(function, np.full((30, 3), 0.1))


@pytest.mark.parametrize(("function", "least"), [(twonn, 3), (mle_id, 21), (knn_overlap, 31), (koleo_ratio, 2)])
def test_the_fewest_rows(function, least: int) -> None:
    assert math.isfinite(measured(function, X[:least]).value)
    with pytest.raises(NotEnoughData, match="distinct"):
        measured(function, X[: least - 1])


@pytest.mark.parametrize("function", ALL)
def test_one_dimension(function) -> None:
    line = np.random.default_rng(2).normal(size=(2_000, 1))
    value = measured(function, line).value
    assert value == pytest.approx({twonn: 1.0, mle_id: 1.0, koleo_ratio: 1.0}.get(function, value), rel=0.1)
    assert value > 0


def test_a_lattice_has_no_dimension_but_an_overlap() -> None:
    for function in (twonn, mle_id):
        with pytest.raises(NotEnoughData, match="equally far"):
            measured(function, np.eye(120))
    assert measured(knn_overlap, np.eye(120)).value == 1.0
    rotation, _ = np.linalg.qr(RNG.normal(size=(120, 120)))
    assert measured(knn_overlap, np.eye(120) @ rotation).value == 1.0  # rounding is no spread


def test_half_floats_are_converted_and_measured() -> None:
    found = measure_cloud(X.astype(np.float16), ["twonn", "koleo_ratio"], protocol("default"), 0)
    assert all("float16" in each.details["converted"] for each in found.values())
    assert found["twonn"].value == pytest.approx(measured(twonn, X).value, rel=0.05)
