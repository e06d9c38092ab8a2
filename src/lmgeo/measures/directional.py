"""Measures of the directions of rows from the origin."""

from __future__ import annotations

from lmgeo.core.errors import NotEnoughData
from lmgeo.measures.declare import Valued, measure
from lmgeo.states.directions import Directions


@measure(
    state=Directions,
    unit="1",
    range=(-1, 1),
    keeps={"rotation", "scale"},
    direction="higher = narrower cone",
    cite="Ethayarajh 2019",
    formula="(‖Σ x̂ᵢ‖² − n) / (n(n − 1)), x̂ = x/‖x‖",
    matrix=True,
)
def mean_cosine(m: Directions) -> Valued:
    """Mean cosine over all pairs of distinct rows, exactly, as (‖Σ x/‖x‖‖² − n)/(n(n−1)); zero rows dropped."""
    if m.count < 2:
        raise NotEnoughData(f"{m.count} row(s) with a direction: no pair", "give at least 2 rows that are not zero")
    n = m.count
    value = (float(m.unit_sum @ m.unit_sum) - n) / (n * (n - 1))
    return Valued(min(max(value, -1.0), 1.0), {"zero_rows": m.zero_rows} if m.zero_rows else {})
