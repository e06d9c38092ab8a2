"""Has a run got worse since its best? A late rise told from noise, for one trajectory.

Any noisy curve ends above its least value. The rise from there to the end is therefore set against
what it would be for noise alone, over a trajectory of the same length, with the best picked after
looking and the noise estimated from the trajectory itself.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cache

import numpy as np

from lmgeo.core.arrays import Float, ndarray
from lmgeo.core.errors import SpecError
from lmgeo.core.seeds import numpy_stream

LEAST_STEPS = 6
FALSE_ALARMS = 0.025  # share of trajectories of pure noise that are called a rise
_SMOOTHED = 10  # values are means over a tenth of the trajectory
_LONGEST_DRAWN = 200  # windows grow along, so that thresholds of longer ones stay the same
_DRAWS = 4000
_NORMAL_MEDIAN = 0.6744897501960817  # median of |z| for a standard normal z


@dataclass(frozen=True)
class LateRise:
    """What became of a trajectory since its best.

    Attributes:
        steps: how many steps have a value.
        best_step, best: the best value and where it stands (the first of equals).
        last: the last value.
        rise: from best to last, in the direction of worse; 0 or more.
        window: over how many values in a row the test averages: one up to 19 steps, then a tenth.
        best_at: first place of the best window among the steps that have a value.
        noise: standard deviation of one value's noise (`noise_of`); None: it cannot be told.
        rise_over_noise: rise from the best window's mean to the last one's, over the noise of such a
            mean; None without noise.
        threshold: what it takes; by default what `rise_over_noise` exceeds in 2.5 % of trajectories of pure noise.
        found: whether it lies beyond the threshold.
        reason: why it could not be tested; None: it was.
    """

    steps: int
    best_step: float
    best: float
    last: float
    rise: float
    window: int
    best_at: int
    noise: float | None
    rise_over_noise: float | None = None
    threshold: float | None = None
    found: bool = False
    reason: str | None = None


def late_rise(
    steps: Float[ndarray, " t"],
    values: Float[ndarray, " t"],
    *,
    worse_is_up: bool = True,
    threshold: float | None = None,
) -> LateRise:
    """Look for a late worsening of one trajectory.

    Args:
        steps: where the values were taken, in any order, each once.
        values: a loss or a score; what is not finite is left out.
        worse_is_up: True for a loss, False for a score.
        threshold: None: `rise_threshold`, for a trajectory that is looked at once.

    Raises:
        SpecError: no finite value, or two values at one step.
    """
    at, curve = _in_order(steps, values)
    worse = curve if worse_is_up else -curve
    best = int(np.argmin(worse))
    window = max(1, len(at) // _SMOOTHED)
    means = moving_means(worse[None], window)[0]
    found = LateRise(
        steps=len(at),
        best_step=float(at[best]),
        best=float(curve[best]),
        last=float(curve[-1]),
        rise=float(worse[-1] - worse[best]),
        window=window,
        best_at=int(np.argmin(means)),
        noise=noise_of(curve),
    )
    if len(at) < LEAST_STEPS:
        return replace(found, reason=f"{len(at)} steps; at least {LEAST_STEPS} tell a rise from noise")
    if found.noise is None:
        return replace(found, reason="the values have no noise to set a rise against")
    ratio = float(means[-1] - means.min()) / found.noise * float(np.sqrt(window))
    beyond = rise_threshold(len(at)) if threshold is None else threshold
    return replace(found, rise_over_noise=ratio, threshold=beyond, found=ratio > beyond)


def _in_order(steps: Float[ndarray, " t"], values: Float[ndarray, " t"]) -> tuple[ndarray, ndarray]:
    """Steps and values that are finite, in the order of steps."""
    present = np.isfinite(steps) & np.isfinite(values)
    order = np.argsort(steps[present], kind="stable")
    at, curve = steps[present][order], values[present][order]
    if len(at) == 0:
        raise SpecError("a trajectory without any value", "give at least one step with a finite value")
    if np.any(np.diff(at) == 0):
        raise SpecError(f"two values at step {at[np.argmin(np.diff(at))]:g}", "give one trajectory at a time")
    return at, curve


def noise_of(values: Float[ndarray, " t"]) -> float | None:
    """Standard deviation of the noise about a smooth curve, from differences taken three times.

    Third differences are free of any quadratic trend, and their variance is 20 times that of
    independent noise. Their median size (over a normal's) is not moved by single jumps; where it
    is 0, as for values with few distinct levels, their root mean square serves. None for fewer than
    four values, or where nothing is left but rounding.
    """
    if len(values) < 4:
        return None
    scale = float(np.max(np.abs(values))) or 1.0  # no square overflows
    found = float(_noise(values[None] / scale)[0])
    return found * scale if found > 1e-14 else None


@cache
def rise_threshold(steps: int) -> float:
    """What the rise over noise exceeds in 2.5 % of trajectories of independent normal noise.

    From 4,000 seeded draws; the same for all trajectories of 200 steps or more.
    """
    length = min(steps, _LONGEST_DRAWN)
    curves = numpy_stream(0, "late_rise", str(length)).standard_normal((_DRAWS, length))
    window = max(1, length // _SMOOTHED)
    means = moving_means(curves, window)
    ratios = (means[:, -1] - means.min(axis=1)) / _noise(curves) * np.sqrt(window)
    return float(np.quantile(ratios, 1.0 - FALSE_ALARMS))


def moving_means(values: Float[ndarray, "r t"], window: int) -> Float[ndarray, "r w"]:
    """Means of every `window` values in a row."""
    return np.lib.stride_tricks.sliding_window_view(values, window, axis=1).mean(axis=2)


def _noise(values: Float[ndarray, "r t"]) -> Float[ndarray, " r"]:
    size = np.abs(np.diff(values, n=3, axis=1))
    robust = np.median(size, axis=1) / _NORMAL_MEDIAN
    return np.where(robust > 0.0, robust, np.sqrt(np.mean(size**2, axis=1))) / np.sqrt(20.0)
