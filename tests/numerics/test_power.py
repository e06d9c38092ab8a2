"""Power: against the normal approximation, a slow simulation of whole studies, and common sense."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from lmgeo.numerics.power import LEAST_LEFT, detectable, needed, power


def by_fisher(true: float, left: int) -> float:
    """Fisher's z of Spearman's correlation with Fieller's variance, 1.06 / (m − 3)."""
    spearman = 6 / np.pi * np.arcsin(true / 2)
    shift = np.arctanh(spearman) * np.sqrt((left - 3) / 1.06)
    return float(stats.norm.sf(1.959964 - shift) + stats.norm.cdf(-1.959964 - shift))


@pytest.mark.parametrize("true", [0.1, 0.3, 0.5, 0.7])
@pytest.mark.parametrize(("n", "controls"), [(40, 0), (63, 3), (118, 0), (128, 5), (400, 2)])
def test_power_is_near_the_normal_approximation(true: float, n: int, controls: int) -> None:
    # the approximation's own error at forty models, and three standard errors of the simulation
    found = power(true, n, controls)
    assert found == pytest.approx(by_fisher(true, n - controls), abs=0.04)


def significant(x: np.ndarray, y: np.ndarray, held: np.ndarray) -> bool:
    """The partial Spearman test of one study, step by step."""
    ranks = [stats.rankdata(column) for column in (x, y, *held.T)]
    design = np.column_stack([np.ones(len(x)), *ranks[2:]])
    left = [r - design @ np.linalg.lstsq(design, r, rcond=None)[0] for r in ranks[:2]]
    r = float(np.corrcoef(*left)[0, 1])
    degrees = len(x) - 2 - held.shape[1]
    t = r * np.sqrt(degrees / max(1e-300, 1 - r * r))
    return bool(2 * stats.t.sf(abs(t), degrees) <= 0.05)


@pytest.mark.parametrize(("true", "n", "controls"), [(0.0, 20, 2), (0.6, 17, 0), (0.5, 24, 4), (0.8, 12, 1)])
def test_power_is_that_of_whole_studies_with_their_controls(true: float, n: int, controls: int) -> None:
    random = np.random.default_rng(3)
    hits = 0
    for _ in range(800):
        x = random.normal(size=n)
        y = true * x + np.sqrt(1 - true**2) * random.normal(size=n)
        hits += significant(x, y, random.normal(size=(n, controls)))
    # three standard errors of 800 studies are 0.053 at most
    assert power(true, n, controls) == pytest.approx(hits / 800, abs=0.06)


def test_no_relation_is_found_one_time_in_twenty() -> None:
    assert power(0.0, 30, 2) == pytest.approx(0.05, abs=0.012)
    assert power(0.0, 5_000, 2) == pytest.approx(0.05, abs=1e-6)


def test_more_models_and_stronger_relations_are_seen_better() -> None:
    sizes = [power(0.4, n, 3) for n in (10, 20, 40, 80, 123, 200, 1000)]
    assert sizes == sorted(sizes)
    strengths = [power(true / 10, 20, 3) for true in range(1, 10)]
    assert strengths == sorted(strengths)
    assert power(-0.4, 30, 1) == power(0.4, 30, 1)
    assert power(1.0, 200) == 1.0


def test_a_control_costs_one_model() -> None:
    assert power(0.5, 30, 4) == power(0.5, 26, 0)
    assert needed(0.5, 4) == needed(0.5) + 4
    assert detectable(30, 4) == detectable(26)


def test_what_is_needed_and_what_is_seen_agree() -> None:
    for true in (0.2, 0.5, 0.8):
        n = needed(true, 2)
        assert power(true, n, 2) >= 0.8 > power(true, n - 1, 2)
        assert detectable(n, 2) <= true
    # textbook sizes for Pearson's test are 193 and 29; ranks need some six per cent more
    assert 193 < needed(0.2) < 225
    assert 29 <= needed(0.5) <= 36


def test_where_nothing_can_be_seen() -> None:
    assert power(0.9, LEAST_LEFT - 1) is None
    assert power(0.9, 10, 8) is None
    assert detectable(4) is None
    assert detectable(10, 300) is None
    assert needed(0.0) is None
    assert needed(0.001) is None


def test_the_same_every_time() -> None:
    from lmgeo.numerics import power as module

    first = [power(0.37, n, 1) for n in (9, 33)]
    module._power.cache_clear()
    module._draws.cache_clear()
    assert [power(0.37, n, 1) for n in (33, 9)] == first[::-1]
