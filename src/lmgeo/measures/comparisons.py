"""Measures of two models or two layers: how alike their clouds are, row by row or as a whole."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, final

from lmgeo.core.arrays import Float, ndarray
from lmgeo.core.errors import NotEnoughData
from lmgeo.core.measurement import Measurement
from lmgeo.measures.declare import COMPARISONS, Valued, measure
from lmgeo.measures.outcome import measured
from lmgeo.numerics import similarity, spectra
from lmgeo.numerics.directions import unit_rows
from lmgeo.numerics.moments import row_chunks
from lmgeo.numerics.reach import within_reach
from lmgeo.states.batch import RowBatch
from lmgeo.states.comoments import CoMoments
from lmgeo.states.moments import Moments
from lmgeo.states.replicates import Replicates
from lmgeo.states.rows import Rows
from lmgeo.states.steps import Steps

comparison = partial(measure, registry=COMPARISONS)


@final
@dataclass(frozen=True)
class Twins:
    """The rows of a model and those of its untrained twin, of the same texts.

    Attributes:
        model: of the model.
        untrained: of the same architecture, freshly initialised.
    """

    model: Rows
    untrained: Rows

    @property
    def n(self) -> int:
        """Rows of the model."""
        return self.model.n

    @property
    def d(self) -> int:
        """Columns."""
        return self.model.d

    def replicates(self) -> Replicates | None:
        """Both of each group of sequences."""
        model, untrained = self.model.replicates(), self.untrained.replicates()
        if model is None or untrained is None:
            return None
        pairs = [Twins(*pair) for pair in zip(model.states, untrained.states, strict=True)]
        return Replicates(pairs, model.factor, model.how)


@comparison(
    state=CoMoments,
    unit="1",
    range=(-1, 1),
    keeps={"shift", "rotation", "scale"},
    direction="higher = more alike; 1 = equal up to rotation and scale, 0 = unrelated",
    cite="Kornblith et al. 2019; debiased after Song et al. 2012",
    formula="HSIC(X, Y) / √(HSIC(X, X)·HSIC(Y, Y)), HSIC unbiased, K = XXᵀ",
)
def cka(m: CoMoments) -> Valued:
    """Centred kernel alignment with linear kernels, debiased: unrelated clouds give 0 at any number of rows."""
    joint = m.joint()
    shared, *own = (similarity.debiased_hsic(joint, s, t) for s, t in ((0, 1), (0, 0), (1, 1)))
    # where one row is far from all others, nearly all of what is summed cancels, and rounding is left
    rounding = [1e-10 * similarity.biased_hsic(joint, s) for s in (0, 1)]
    if any(value <= least for value, least in zip(own, rounding, strict=True)):
        few = f"{joint.n} pairs of rows show no covariance beyond chance and rounding"
        raise NotEnoughData(few, "give more rows, none of them far from all others")
    value = shared / math.sqrt(own[0]) / math.sqrt(own[1])
    return Valued(min(max(value, -1.0), 1.0), {"biased": similarity.linear_cka(joint)})


@comparison(
    state=CoMoments,
    unit="1",
    range=(0, 1),
    keeps={"shift", "rotation", "scale", "duplicate"},
    direction="higher = less alike; 0 = equal up to rotation and scale",
    formula="1 − ‖XcᵀYc‖_* / (‖Xc‖·‖Yc‖)",
)
def procrustes(m: CoMoments) -> float:
    """Distance of two clouds after the best shift, rotation and scale of one onto the other."""
    return similarity.procrustes_distance(m.joint())


@comparison(
    state=Twins,
    unit="dimensions",
    range=(None, None),
    keeps={"shift", "rotation", "scale"},
    direction="higher = training took away more dimensions",
    cite="Wei et al. 2024",
    formula="exp H(λ(Z₀)) − exp H(λ(Z)), zᵢ = (xᵢ − x̄)/‖xᵢ − x̄‖, Z₀ of the untrained twin",
)
def diff_erank(m: Twins) -> Valued:
    """Effective rank (of the covariance) of the untrained twin less the model's, rows centred and of length 1 first."""
    before, after = (_rank_of_directions(rows.matrix()) for rows in (m.untrained, m.model))
    return Valued(before - after, {"untrained": before, "model": after})


def _rank_of_directions(rows: Float[ndarray, "n d"]) -> float:
    """`effective_rank_cov` of rows that were centred and scaled to length 1; what lies at the mean is dropped."""
    rows = within_reach(rows)
    whole = Moments.empty(rows.shape[1], groups=1)
    whole.update(RowBatch.of_cloud(rows))
    directions = Moments.empty(rows.shape[1], groups=1)
    for part in row_chunks(*rows.shape):
        directions.update(RowBatch.of_cloud(unit_rows(rows[part] - whole.mean)))
    values = directions.eigenvalues
    if values[0] == 0:
        raise NotEnoughData("all rows lie in one direction from their mean", "give rows that differ")
    return spectra.entropy_rank(values)


@comparison(
    state=Steps,
    unit="radians",
    range=(0, math.pi),
    keeps={"shift", "rotation", "scale"},
    direction="higher = sequences turn more sharply; 0 = straight",
    cite="Hosseini & Fedorenko 2023",
    formula="mean ∠(x_{t+1} − x_t, x_{t+2} − x_{t+1})",
)
def curvature(m: Steps) -> Valued:
    """Mean angle between successive steps within a sequence, of the first of the two models."""
    turns = int(m.turns.sum())
    if turns == 0:
        raise NotEnoughData("no sequence has three rows in a row that differ", "give sequences of tokens, not means")
    return Valued(float(m.angles.sum()) / turns, {"turns": turns, **({"still_steps": m.still} if m.still else {})})


def compared(
    available: Mapping[type, Any], names: Sequence[str], second: Mapping[type, Any] | None = None
) -> dict[str, Measurement]:
    """The named comparisons, in the order of `names`.

    Args:
        available: for each state that a comparison reads, the state, or the reason why there is none.
        names: of `COMPARISONS`.
        second: states of the second model alone: what reads them is measured of it as well, under `b` in
            the details.
    """
    found = {}
    for name in names:
        declared = COMPARISONS[name]
        state = available.get(declared.state, f"no {declared.state.__name__} of these two")
        if isinstance(state, str):
            found[name] = declared.missing(state, 0, 0)
            continue
        found[name] = measured(declared.state, [declared], state)[name]
        if second and declared.state in second:
            other = measured(declared.state, [declared], second[declared.state])[name]
            details = {**found[name].details, "b": other.value, "b_spread": other.spread}
            found[name] = dataclasses.replace(found[name], details=details)
    return found
