from __future__ import annotations

import numpy as np
import pytest

from lmgeo.numerics.ratios import ratio_standard_error


def test_with_units_alike_it_is_the_standard_error_of_a_mean():
    x = np.random.default_rng(0).normal(size=50)
    assert ratio_standard_error(x, np.ones(50, int)) == pytest.approx(x.std(ddof=1) / 50**0.5, rel=1e-12)


def test_it_is_how_far_the_ratio_moves_between_samples():
    random = np.random.default_rng(1)
    sizes = random.integers(1, 40, (3000, 200))
    x = sizes * 2.0 + random.normal(size=sizes.shape) * sizes
    ratios = x.sum(1) / sizes.sum(1)
    mean = np.mean([ratio_standard_error(a, b) for a, b in zip(x, sizes, strict=True)])
    assert mean == pytest.approx(ratios.std(), rel=0.05)


def test_a_unit_of_nothing_changes_little_and_one_unit_says_nothing():
    assert ratio_standard_error(np.array([3.0]), np.array([2])) is None
    assert ratio_standard_error(np.array([2.0, 4.0]), np.array([1, 2])) == 0.0
