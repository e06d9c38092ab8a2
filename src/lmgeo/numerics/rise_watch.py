"""A late rise looked for again and again, as a run goes on.

`late_rise` holds for one look at a whole trajectory: taken after every value, its threshold is
passed at some look by more than half of all runs of pure noise. Looked at again and again, a rise
must lie beyond a greater threshold, and at several looks in a row, which spares a single spike too.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from lmgeo.core.arrays import Float, ndarray
from lmgeo.numerics.late_rise import LateRise, late_rise

FIRST_LOOK = 10  # values from which the noise can be told well enough
IN_A_ROW = 3  # looks
WATCHED_THRESHOLD = 7.0  # rise over noise; of flat courses of independent normal noise 2 % pass it in 200 looks


def watched_rise(
    steps: Float[ndarray, " t"], values: Float[ndarray, " t"], *, worse_is_up: bool = True, share: float = 0.0
) -> LateRise:
    """The late rise of a trajectory so far, by a test that may be repeated at every value.

    Args:
        steps, values, worse_is_up: as of `late_rise`.
        share: the rise must also be at least so great beside the best value.

    Returns:
        As `late_rise`; `found`: beyond `WATCHED_THRESHOLD` at each of the last three looks.

    Raises:
        SpecError: no finite value, or two values at one step.
    """
    present = np.isfinite(steps) & np.isfinite(values)
    at, curve = steps[present], values[present]
    last = late_rise(at, curve, worse_is_up=worse_is_up, threshold=WATCHED_THRESHOLD)
    if last.steps < FIRST_LOOK:
        return replace(last, found=False, reason=f"{last.steps} values; the watch begins at {FIRST_LOOK}")
    earlier = (
        late_rise(at[:-back], curve[:-back], worse_is_up=worse_is_up, threshold=WATCHED_THRESHOLD)
        for back in range(1, IN_A_ROW)
    )
    return replace(last, found=all(_beyond(look, share) for look in (last, *earlier)))


def _beyond(look: LateRise, share: float) -> bool:
    return look.found and look.rise >= share * abs(look.best)


def settled_from(values: Float[ndarray, " t"], share: float) -> int | None:
    """Where the fall that a course begins with is over; None where it is not yet.

    At the first of the looks, from the tenth on, at which the value is within `share` of the best of
    the latter half so far: the course counts from the start of that half.
    """
    for looks in range(FIRST_LOOK, len(values) + 1):
        if values[looks - 1] >= (1.0 - share) * values[looks // 2 : looks].max():
            return looks // 2
    return None
