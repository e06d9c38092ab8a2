"""A rise looked for at every value: false alarms over whole runs of noise, and how soon a planted one is found."""

from __future__ import annotations

import numpy as np
import pytest

from lmgeo.core.errors import SpecError
from lmgeo.core.seeds import numpy_stream
from lmgeo.numerics.late_rise import late_rise
from lmgeo.numerics.rise_watch import FIRST_LOOK, settled_from, watched_rise

LOOKS = 60


def _noise(name: str, runs: int) -> np.ndarray:
    return numpy_stream(5, "rise_watch", name).standard_normal((runs, LOOKS))


def _first(values: np.ndarray, **settings: float) -> int | None:
    """The first look that finds a rise, each seeing what is there by then."""
    steps = np.arange(len(values), dtype=float)
    return next((t for t in range(1, len(values) + 1) if watched_rise(steps[:t], values[:t], **settings).found), None)


def _plain_alarm(values: np.ndarray) -> int | None:
    """The same written out: three looks in a row beyond 7."""
    row = 0
    for t in range(FIRST_LOOK - 2, len(values) + 1):
        window = max(1, t // 10)
        means = [values[i : i + window].mean() for i in range(t - window + 1)]
        noise = np.median(np.abs(np.diff(values[:t], n=3))) / 0.6744897501960817 / np.sqrt(20)
        row = row + 1 if (means[-1] - min(means)) / noise * np.sqrt(window) > 7 else 0
        if row >= 3 and t >= FIRST_LOOK:
            return t
    return None


def test_few_runs_of_noise_ever_raise_an_alarm() -> None:
    found = [_first(values) for values in _noise("flat", 150)]
    # 1.8 % in 4,000 runs of 200 looks; more than 9 of 150 would be rarer than one in a thousand at 2 %
    assert sum(alarm is not None for alarm in found) <= 9
    assert found == [_plain_alarm(values) for values in _noise("flat", 150)]


def test_a_test_for_one_look_would_cry_wolf() -> None:
    steps = np.arange(LOOKS, dtype=float)
    runs = _noise("once", 20)
    alarms = [any(late_rise(steps[:t], run[:t]).found for t in range(FIRST_LOOK, LOOKS + 1)) for run in runs]
    assert sum(alarms) >= 5


def test_no_falling_run_raises_an_alarm_and_a_planted_rise_is_found_soon() -> None:
    at = np.arange(1, LOOKS + 1)
    falling = 150 / np.sqrt(at) + _noise("falling", 40)
    assert all(_first(values) is None for values in falling)
    rising = [_first(values) for values in falling + np.maximum(at - 35, 0) * 2.0]
    assert all(found is not None and 37 < found <= 45 for found in rising)
    assert _first(-falling[0] - np.maximum(at - 35, 0) * 2.0, worse_is_up=False) == rising[0]


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
