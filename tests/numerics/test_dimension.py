"""Intrinsic dimensions against their definitions and on clouds of a known dimension."""

from __future__ import annotations

import math

import numpy as np
import pytest

from lmgeo.core.errors import NotEnoughData
from lmgeo.numerics.dimension import levina_bickel, two_nearest
from lmgeo.numerics.neighbours import nearest_distances


def slow_two_nearest(first: np.ndarray, second: np.ndarray) -> float:
    ratios = sorted(b / a for a, b in zip(first, second, strict=True))
    n = len(ratios)
    kept = ratios[: math.floor(0.9 * n + 1e-9)]
    x = np.array([math.log(r) for r in kept])
    y = np.array([-math.log(1 - i / n) for i in range(len(kept))])
    return float(np.linalg.lstsq(x[:, None], y, rcond=None)[0][0])


def slow_levina_bickel(distances: np.ndarray) -> float:
    k = distances.shape[1]
    inverses = [sum(math.log(t[-1] / t[j]) for j in range(k - 1)) / (k - 1) for t in distances]
    return 1 / (sum(inverses) / len(inverses))


@pytest.mark.parametrize("n", [3, 9, 10, 11, 30, 101])
def test_against_the_definitions(n: int) -> None:
    distances = np.sort(np.random.default_rng(n).gamma(3.0, size=(n, 5)), axis=1)
    first, second = distances[:, 0], distances[:, 1]
    assert two_nearest(first, second) == pytest.approx(slow_two_nearest(first, second), rel=1e-10)
    assert levina_bickel(distances) == pytest.approx(slow_levina_bickel(distances), rel=1e-10)


@pytest.mark.parametrize("dimension", [1, 2, 5])
def test_a_flat_patch_has_the_dimension_it_was_made_of(dimension: int) -> None:
    rng = np.random.default_rng(dimension)
    patch = rng.uniform(size=(3_000, dimension)) @ rng.normal(size=(dimension, 9))
    distances = nearest_distances(patch, 20)
    assert two_nearest(distances[:, 0], distances[:, 1]) == pytest.approx(dimension, rel=0.1)
    assert levina_bickel(distances) == pytest.approx(dimension, rel=0.15)


@pytest.mark.parametrize("factor", [1.0, 1.0 + 1e-12])
def test_neighbours_all_equally_far(factor: float) -> None:
    distances = np.full((30, 4), 0.3) * np.geomspace(1.0, factor, 4)
    with pytest.raises(NotEnoughData, match="equally far"):
        two_nearest(distances[:, 0], distances[:, 1])
    with pytest.raises(NotEnoughData, match="equally far"):
        levina_bickel(distances)
