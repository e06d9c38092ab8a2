"""Measures of how evenly rows point in all directions from the origin."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from lmgeo.core.arrays import Float64, ndarray
from lmgeo.core.errors import NotEnoughData
from lmgeo.core.seeds import numpy_stream
from lmgeo.measures.declare import Valued, measure
from lmgeo.numerics.uniformity import log_mean_potential
from lmgeo.states.partition import Partition
from lmgeo.states.rows import Rows


@measure(
    state=Partition,
    unit="1",
    range=(0, 1),
    keeps={"rotation", "duplicate"},
    direction="higher = more isotropic",
    cite="Mu & Viswanath 2018",
    formula="min Z(c) / max Z(c), Z(c) = Σᵢ exp(cᵀxᵢ), c = ± unit eigenvectors of XᵀX",
    matrix=True,
)
def partition_isotropy(m: Partition) -> Valued:
    """Least over greatest partition function along ± each unit eigenvector of XᵀX; its log is in the details."""
    return _isotropy(m, np.concatenate([m.log.plus, m.log.minus]), {})


@measure(
    state=Partition,
    unit="1",
    range=(0, 1),
    keeps={"rotation", "duplicate"},
    direction="higher = more isotropic",
    cite="Machina & Mercer 2024",
    formula="min Z(c) / max Z(c), Z(c) = Σᵢ exp(cᵀxᵢ), c = unit eigenvectors of XᵀX with Σᵢ cᵀxᵢ ≥ 0",
    matrix=True,
)
def partition_isotropy_plus(m: Partition) -> Valued:
    """Least over greatest partition function along each unit eigenvector of XᵀX, each on the side of most rows."""
    log = m.log
    even = log.sums == 0.0
    # where rows balance, neither side is theirs: the one of the greater Z, so that no solver decides
    values = np.where(even, np.maximum(log.plus, log.minus), np.where(log.sums > 0, log.plus, log.minus))
    return _isotropy(m, values, {"undetermined_signs": int(np.count_nonzero(even & log.spanned))})


def _isotropy(m: Partition, log_z: Float64[ndarray, " k"], counts: dict[str, int]) -> Valued:
    difference = float(log_z.min() - log_z.max())
    if not math.isfinite(difference):
        raise NotEnoughData("the logs of the partition function are too far apart for float64", "scale the rows down")
    counts = {"undetermined_axes": int(m.log.degenerate.sum()), "rows_left_out": m.rows_left_out, **counts}
    details: dict[str, Any] = {"log": difference, **{name: count for name, count in counts.items() if count}}
    value = math.exp(difference)
    return Valued(value, details if value > 0 else {**details, "note": "below the least float64: read the log"})


@measure(
    state=Rows,
    unit="1",
    range=(-8, 0),
    keeps={"rotation", "scale"},
    direction="higher = less uniform on the sphere",
    cite="Wang & Isola 2020",
    formula="log mean exp(−2‖x̂ᵢ − x̂ⱼ‖²), x̂ = x/‖x‖, over pairs i ≠ j",
)
def uniformity(m: Rows) -> Valued:
    """Log of the mean Gaussian potential between rows' directions, over all pairs or a million seeded ones."""
    rows = m.matrix()
    points = rows.any(axis=1)
    zeros = len(rows) - int(points.sum())
    if len(rows) - zeros < 2:
        raise NotEnoughData(
            f"{len(rows) - zeros} row(s) with a direction: no pair", "give at least 2 rows that are not zero"
        )
    value, pairs = log_mean_potential(rows[points] if zeros else rows, numpy_stream(m.seed, "uniformity"))
    counts = {"zero_rows": zeros, "rows_left_out": m.seen - m.n}
    return Valued(value, {"pairs": pairs, **{name: count for name, count in counts.items() if count}})
