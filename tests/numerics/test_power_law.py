"""The power law of a tail: against a plain search, a package of its own, and laws that are known."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lmgeo.core.errors import NotEnoughData
from lmgeo.numerics import power_law as module
from lmgeo.numerics.power_law import PowerLaw, fit_power_law


def plain(values: np.ndarray) -> tuple[float, float, float, int]:
    """α, xmin, distance and tail, one threshold after another, as the definition reads."""
    found = []
    for xmin in np.unique(values)[:-1]:
        tail = np.sort(values[values >= xmin])
        alpha = 1 + len(tail) / np.log(tail / xmin).sum()
        fitted = 1 - (tail / xmin) ** (1 - alpha)
        found.append((np.abs(fitted - np.arange(len(tail)) / len(tail)).max(), xmin, alpha, len(tail)))
    distance, xmin, alpha, tail = min(found)
    return alpha, xmin, distance, tail


def assert_same(found: PowerLaw, values: np.ndarray) -> None:
    alpha, xmin, distance, tail = plain(values)
    assert found.distance == pytest.approx(distance, rel=1e-9, abs=1e-12)
    assert (found.alpha, found.xmin) == pytest.approx((alpha, xmin), rel=1e-8)
    assert found.tail == tail
    assert found.xmax == pytest.approx(values.max(), rel=1e-12)
    assert found.sigma == pytest.approx((alpha - 1) / tail**0.5, rel=1e-8)


samples = st.tuples(st.integers(0, 2**32 - 1), st.integers(2, 120), st.sampled_from(["pareto", "lognormal", "normal"]))


def sample(seed: int, n: int, kind: str) -> np.ndarray:
    rng = np.random.default_rng(seed)
    made = {"pareto": lambda: rng.pareto(1.3, n) + 1, "lognormal": lambda: rng.lognormal(0, 2, n)}
    return made[kind]() if kind in made else np.square(rng.normal(size=n))


@settings(max_examples=80, deadline=None)
@given(drawn=samples)
def test_equals_a_plain_search(drawn: tuple[int, int, str]) -> None:
    values = sample(*drawn)
    assert_same(fit_power_law(values), values)


@settings(max_examples=40, deadline=None)
@given(drawn=samples, exponent=st.integers(-200, 200))
def test_neither_order_nor_scale_matter(drawn: tuple[int, int, str], exponent: int) -> None:
    values = sample(*drawn)
    found, shuffled = fit_power_law(values), fit_power_law(np.random.default_rng(0).permutation(values))
    assert shuffled == found
    # by a factor of the logs' rounding, so that near ties stay as they are
    scaled = fit_power_law(values * 2.0**exponent)
    assert scaled.distance == pytest.approx(found.distance, abs=1e-9)
    if scaled.tail == found.tail:
        assert scaled.alpha == pytest.approx(found.alpha, rel=1e-9)


@pytest.mark.parametrize("block", [1, 7, 100, 10_000])
def test_blocks_make_no_difference(block: int, monkeypatch: pytest.MonkeyPatch) -> None:
    values = sample(3, 300, "lognormal")
    whole = fit_power_law(values)
    monkeypatch.setattr(module, "_BLOCK_VALUES", block)
    assert fit_power_law(values) == whole


def test_ties_are_one_threshold_with_all_of_them_in_the_tail() -> None:
    values = np.repeat(sample(1, 40, "pareto"), 3)
    assert_same(fit_power_law(values), values)


@pytest.mark.parametrize("alpha", [1.5, 2.5, 4.0])
def test_a_pareto_sample_gives_its_exponent(alpha: float) -> None:
    rng = np.random.default_rng(int(10 * alpha))
    within = 0
    for _ in range(20):
        found = fit_power_law(rng.pareto(alpha - 1, 800) + 1)
        within += abs(found.alpha - alpha) < 3 * found.sigma
    assert within >= 18


def test_what_has_no_tail() -> None:
    for values in (np.ones(60), np.array([2.0])):
        with pytest.raises(NotEnoughData, match="all equal"):
            fit_power_law(values)


def test_two_values_make_a_tail_of_two() -> None:
    found = fit_power_law(np.array([1.0, np.e]))
    assert found.tail == 2
    assert found.alpha == pytest.approx(3.0)
