"""What a partial rank correlation is expected to show where a measure has no effect at all.

Ranks bend a straight relation. What several controls say together is then no longer linear in their ranks,
regression leaves a little of it in measure and target alike, and the two seem related: with two strong
controls by 0.06 to 0.1, with four by 0.2. One control, or weak ones, leave next to nothing. How much it is
follows from what the controls say of each column, if noise about that is normal. A control of few values, as in
a designed suite, may take any course: that of a loss over batch sizes is a U, and of it a line leaves all.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from lmgeo.analysis.bootstrap import Ranked
from lmgeo.analysis.rank_influence import Held, orthonormal
from lmgeo.core.arrays import Float, ndarray

_GRID = 129  # points at which a smooth curve is computed
_FEW, _ROWS_A_VALUE = 8, 5  # values of a control that may take any course
_ROWS = 2000  # rows that stand for all in that curve, evenly spaced in order


@dataclass(frozen=True)
class Bend:
    """Controls, ready to say what they leave of any column's ranks.

    Attributes:
        held: the controls as ranks and dummies.
        basis: orthonormal columns that span them as normal scores, values of those that have few, and dummies, (n, r).
    """

    held: Held
    basis: Float[ndarray, "n r"]

    @classmethod
    def of(cls, held: Held) -> Bend:
        """The same controls, number columns at normal scores and by their values where those are few."""
        scores = [normal_scores(column) for column in held.ranked]
        steps = [_steps(column) for column in scores]
        return cls(held, orthonormal(np.column_stack([*scores, *steps, held.columns[:, len(scores) :]]))[0])

    def left(self, column: Ranked) -> Float[ndarray, " n"]:
        """What linear regression on the controls leaves of the ranks that the controls let expect, (n,).

        The column at normal scores is taken as a weighted sum of controls and normal noise; the expected
        rank of a row is then the chance that a row drawn at random lies below it.
        """
        from scipy.special import ndtr

        scores = normal_scores(column)
        said = np.einsum("nr,r->n", self.basis, np.einsum("nr,n->r", self.basis, scores))
        noise = np.sqrt(2.0 * np.mean((scores - said) ** 2))
        grid = np.linspace(said.min(), said.max(), _GRID)
        some = np.sort(said)[np.linspace(0, len(said) - 1, min(len(said), _ROWS)).astype(np.int64)]
        below = np.mean(ndtr((grid[:, None] - some) / max(noise, 1e-6)), axis=1)
        ranks = np.interp(said, grid, below)
        ranks -= ranks.mean()
        return ranks - np.einsum("nr,r->n", self.held.basis, np.einsum("nr,n->r", self.held.basis, ranks))


def _steps(scores: Float[ndarray, " n"]) -> Float[ndarray, "n s"]:
    """A centred 0/1 column for every value but two: those are a line; none where values are many."""
    values = np.unique(scores)
    if len(values) > min(_FEW, len(scores) / _ROWS_A_VALUE):
        return np.empty((len(scores), 0))
    columns = (scores[:, None] == values[2:]).astype(np.float64)
    return columns - columns.mean(axis=0)


def normal_scores(column: Ranked) -> Float[ndarray, " n"]:
    """The normal quantiles of a column's mid-ranks, centred."""
    from scipy.special import ndtri

    scores = ndtri(column.mid_ranks() + 0.5)
    return scores - scores.mean()
