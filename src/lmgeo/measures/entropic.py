"""Measures of how the rows scatter along each principal axis."""

from __future__ import annotations

import math

import numpy as np

from lmgeo.core.arrays import Float, Float64, ndarray
from lmgeo.core.errors import NotEnoughData
from lmgeo.measures.declare import Valued, measure
from lmgeo.numerics.entropy import LEAST_ROWS, vasicek_entropy
from lmgeo.numerics.projection import projected_blocks, scaled_axes
from lmgeo.numerics.spectra import EPSILON
from lmgeo.states.rows import Rows


@measure(
    state=Rows,
    unit="1",
    range=(0, None),
    keeps={"shift", "rotation", "scale"},
    direction="higher = further from a standard normal",
    cite="Marbut et al. 2023",
)
def vrm(m: Rows) -> Valued:
    """Mean of (1 − r)² over principal axes, r = e^h/√(2πe) of Vasicek's entropy h, total variance scaled to d."""
    if m.n < LEAST_ROWS:
        raise NotEnoughData(f"{m.n} rows: spacings need {LEAST_ROWS}", f"give at least {LEAST_ROWS} rows")
    ratios, flat = _ratios_to_normal(m.matrix())
    atoms = int(np.count_nonzero(ratios == 0.0)) - flat
    counts = {"flat_axes": flat, "axes_with_ties": atoms, "rows_left_out": m.seen - m.n}
    return Valued(float(np.square(1.0 - ratios).mean()), {name: count for name, count in counts.items() if count})


def _ratios_to_normal(rows: Float[ndarray, "n d"]) -> tuple[Float64[ndarray, " d"], int]:
    """e^h/√(2πe) of every principal axis, and how many of them are flat (0)."""
    values, axes, mean = scaled_axes(rows)
    if values[0] == 0.0:
        raise NotEnoughData(f"all {len(rows)} rows are equal", "give rows that differ")
    spread = int(np.count_nonzero(values))  # the flat axes come last
    # Up to this the distance of equal rows on an axis is rounding, and their entropy −∞: 2√n equal
    # rows of a cloud of total variance d lie within √d·n^¼ of its mean, and project to √d·ε of that.
    least = 8 * EPSILON * len(axes) * len(rows) ** 0.25
    entropies = [vasicek_entropy(block, least) for block in projected_blocks(rows, axes[:, :spread], mean)]
    ratios = np.exp(np.concatenate(entropies)) / math.sqrt(2 * math.pi * math.e)
    return np.pad(ratios, (0, len(axes) - spread)), len(axes) - spread
