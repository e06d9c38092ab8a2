"""A rise looked for at every value: false alarms over whole runs of noise, and how soon a planted one is found."""

from __future__ import annotations

import numpy as np
import pytest

from lmgeo.core.errors import SpecError
from lmgeo.core.seeds import numpy_stream
from lmgeo.numerics.late_rise import rise_threshold
from lmgeo.numerics.rise_watch import FIRST_LOOK, settled_from, watched_rise

LOOKS = 60


def _noise(name: str, runs: int) -> np.ndarray:
    return numpy_stream(5, "rise_watch", name).standard_normal((runs, LOOKS))


def _first(values: np.ndarray, **settings: float) -> int | None:
    """The first look that finds a rise, each seeing what is there by then."""
    steps = np.arange(len(values), dtype=float)
    return next((t for t in range(1, len(values) + 1) if watched_rise(steps[:t], values[:t], **settings).found), None)


def _plain_alarms(curves: np.ndarray, threshold: float = 7.0, in_a_row: int = 3) -> list[int | None]:
    """The same written out for many runs at once: three looks in a row beyond 7."""
    beyond = np.zeros((len(curves), LOOKS + 1), bool)
    for t in range(FIRST_LOOK - 2, LOOKS + 1):
        window = max(1, t // 10)
        means = np.stack([curves[:, i : i + window].mean(axis=1) for i in range(t - window + 1)])
        noise = np.median(np.abs(np.diff(curves[:, :t], n=3)), axis=1) / 0.6744897501960817 / np.sqrt(20)
        beyond[:, t] = (means[-1] - means.min(axis=0)) / noise * np.sqrt(window) > threshold
    found = [[t for t in range(FIRST_LOOK, LOOKS + 1) if row[t - in_a_row + 1 : t + 1].all()] for row in beyond]
    return [looks[0] if looks else None for looks in found]


def test_it_is_what_is_written_out_here() -> None:
    curves = _noise("same", 6)
    curves[:3, 30:] += 6.0
    found = _plain_alarms(curves)
    assert [_first(values) for values in curves] == found
    assert any(found)


def test_few_runs_of_noise_ever_raise_an_alarm() -> None:
    alarms = [found is not None for found in _plain_alarms(_noise("flat", 2000))]
    assert 0.005 < np.mean(alarms) < 0.03  # 2 % in 200 looks
    once = [found is not None for found in _plain_alarms(_noise("flat", 2000), rise_threshold(LOOKS), 1)]
    assert np.mean(once) > 0.25  # a threshold for one look would cry wolf


def test_no_falling_run_raises_an_alarm_and_a_planted_rise_is_found_soon() -> None:
    at = np.arange(1, LOOKS + 1)
    falling = 150 / np.sqrt(at) + _noise("falling", 200)
    rising = falling + np.maximum(at - 35, 0) * 2.0
    assert _plain_alarms(falling) == [None] * 200
    assert all(found is not None and 37 < found <= 46 for found in _plain_alarms(rising))
    assert _first(-rising[0], worse_is_up=False) == _first(rising[0]) == _plain_alarms(rising[:1])[0]


def test_a_rise_smaller_than_asked_for_is_none() -> None:
    values = 100 + 0.01 * _noise("share", 1)[0] + np.maximum(np.arange(LOOKS) - 30, 0) * 0.02
    assert _first(values) is not None
    assert _first(values, share=0.01) is None
    assert _first(values, share=0.001) is not None


def test_a_single_spike_of_a_short_run_is_none() -> None:
    values = 5 / np.sqrt(np.arange(1, 20)) + 0.01 * _noise("spike", 1)[0, :19]
    values[14] += 5.0
    assert _first(values) is None


def test_what_is_not_finite_is_left_out_and_few_values_are_said() -> None:
    steps, values = np.arange(12.0), np.array([3, 2, np.nan, 1, 2, 3, 4, np.inf, 5, 6, 7, 8.0])
    seen = watched_rise(steps, values)
    assert (seen.steps, seen.best, seen.best_step, seen.last) == (10, 1.0, 3.0, 8.0)
    kept = np.isfinite(values)
    assert seen == watched_rise(steps[kept], values[kept])
    assert watched_rise(steps[:9], values[:9]).reason == "7 values; the watch begins at 10"
    with pytest.raises(SpecError, match="without any value"):
        watched_rise(steps[:1], np.array([np.nan]))


def test_a_course_counts_from_where_its_first_fall_is_over() -> None:
    at = np.arange(60)
    slowing = 10 + 90 * np.exp(-at / 5.0)
    start = settled_from(slowing, 0.2)
    assert start is not None
    assert slowing[start] < 1.3 * slowing[2 * start]
    assert settled_from(2.0**-at, 0.2) is None
    assert settled_from(np.ones(9), 0.2) is None
    assert settled_from(np.ones(10), 0.2) == 5
