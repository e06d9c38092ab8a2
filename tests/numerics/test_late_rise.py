"""A late rise is found where one was planted, and not in noise."""

from __future__ import annotations

import numpy as np
import pytest

from lmgeo.core.errors import SpecError
from lmgeo.numerics.late_rise import FALSE_ALARMS, late_rise, noise_of, rise_threshold


def course(steps: int, rise: float, noise: float, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """A falling loss that turns upwards over its last third."""
    at = np.linspace(0.0, 1.0, steps)
    curve = 4.0 + 2.0 * np.exp(-5.0 * at) + rise * np.clip((at - 0.66) / 0.34, 0.0, None)
    return 100.0 * np.arange(steps), curve + noise * np.random.default_rng(seed).normal(size=steps)


@pytest.mark.parametrize("steps", [6, 12, 30, 154])
def test_pure_noise_is_called_a_rise_as_often_as_stated(steps: int) -> None:
    random = np.random.default_rng(steps)
    at = np.arange(float(steps))
    alarms = np.mean([late_rise(at, random.normal(size=steps)).found for _ in range(400)])
    assert alarms <= 0.05  # 2.5 % stated; 400 runs spread by 0.8 %
    assert FALSE_ALARMS == 0.025


@pytest.mark.parametrize(("steps", "rise"), [(12, 0.6), (20, 0.3), (60, 0.2), (154, 0.15)])
def test_planted_rises_are_found(steps: int, rise: float) -> None:
    found = [late_rise(*course(steps, rise, 0.01, seed)).found for seed in range(40)]
    assert np.mean(found) >= 0.95
    assert not any(late_rise(*course(steps, 0.0, 0.01, seed)).found for seed in range(40))


def test_the_best_and_the_last_are_the_values_themselves() -> None:
    at, curve = course(12, 0.5, 0.0, 0)
    curve[7] = 3.0
    found = late_rise(at, curve)
    assert (found.steps, found.best_step, found.best, found.last) == (12, 700.0, 3.0, curve[-1])
    assert found.rise == curve[-1] - 3.0


def test_a_score_is_a_loss_upside_down_and_order_and_scale_do_not_matter() -> None:
    at, curve = course(25, 0.2, 0.01, 1)
    up = late_rise(at, curve)
    down = late_rise(at[::-1], -1000.0 * curve[::-1], worse_is_up=False)
    assert down.best_step == up.best_step
    assert down.rise_over_noise == pytest.approx(up.rise_over_noise)
    assert down.rise == pytest.approx(1000.0 * up.rise)
    assert up.found
    assert late_rise(at, curve, worse_is_up=False).best_step == 0.0


def test_values_that_are_not_finite_are_left_out() -> None:
    at, curve = course(25, 0.2, 0.01, 1)
    more = late_rise(np.append(at, [1e6, 2e6]), np.append(curve, [np.nan, np.inf]))
    assert more == late_rise(at, curve)


def test_noise_is_that_of_the_values_whatever_quadratic_trend_they_follow() -> None:
    at = np.arange(4000.0)
    values = 0.3 * np.random.default_rng(0).normal(size=4000)
    assert noise_of(values) == pytest.approx(0.3, rel=0.05)
    assert noise_of(values + 3.0 + 0.01 * at + 1e-3 * at**2) == pytest.approx(noise_of(values), rel=1e-3)
    assert noise_of(np.where(at == 9, 50.0, values)) == pytest.approx(0.3, rel=0.05)


def test_few_steps_and_no_noise_have_reasons() -> None:
    few = late_rise(np.arange(4.0), np.array([3.0, 2.0, 1.0, 4.0]))
    assert (few.found, few.rise, few.rise_over_noise) == (False, 3.0, None)
    assert "4 steps" in few.reason
    flat = late_rise(np.arange(20.0), np.full(20, 7.0))
    assert (flat.found, flat.rise, flat.noise, flat.rise_over_noise) == (False, 0.0, None, None)
    assert "no noise" in flat.reason
    assert noise_of(np.arange(3.0)) is None


def test_few_distinct_values_still_have_noise() -> None:
    values = np.full(30, 0.7)
    values[[4, 11]] = 0.71
    assert noise_of(values) > 0.0
    values[-3:] = 0.5
    assert late_rise(np.arange(30.0), values, worse_is_up=False).found


def test_thresholds_fall_with_length_and_stay_for_long_trajectories() -> None:
    found = [rise_threshold(steps) for steps in (6, 10, 50, 200)]
    assert found == sorted(found, reverse=True)
    assert rise_threshold(5000) == rise_threshold(200)


def test_what_is_no_trajectory_is_refused() -> None:
    with pytest.raises(SpecError, match="two values at step 3"):
        late_rise(np.array([1.0, 3.0, 3.0]), np.ones(3))
    with pytest.raises(SpecError, match="without any value"):
        late_rise(np.array([1.0]), np.array([np.nan]))
