"""Two clouds of paired rows: their joint moments, exact under merging and shifts, and what is read from them.

A row z = [x | y] holds both sides. Debiased similarity needs Σ‖x − x̄‖²‖y − ȳ‖² over rows, and that
sum, taken around means which move as rows come in, needs Σ‖x − x̄‖²(z − z̄) as well.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from lmgeo.core.arrays import Float, Float64, ndarray
from lmgeo.numerics.moments import row_chunks


@dataclass(frozen=True)
class Joint:
    """Moments of rows z = [x | y] around their means, in float64.

    Attributes:
        n: rows.
        left: columns of x.
        mean: z̄.
        scatter: Σ u uᵀ, u = z − z̄.
        thirds: Σ ‖uₛ‖² u for each side s: x, then y.
        fourths: Σ ‖uₛ‖² ‖uₜ‖² for sides s and t.
    """

    n: int
    left: int
    mean: Float64[ndarray, " d"]
    scatter: Float64[ndarray, "d d"]
    thirds: Float64[ndarray, "2 d"]
    fourths: Float64[ndarray, "2 2"]

    @classmethod
    def empty(cls, d: int, left: int) -> Joint:
        """No rows of d columns, `left` of them x's."""
        return cls(0, left, np.zeros(d), np.zeros((d, d)), np.zeros((2, d)), np.zeros((2, 2)))

    @property
    def sides(self) -> tuple[slice, slice]:
        """Where x and y stand in a row."""
        return slice(0, self.left), slice(self.left, len(self.mean))

    @property
    def squares(self) -> Float64[ndarray, " 2"]:
        """Σ ‖uₛ‖² of each side."""
        variances = np.diag(self.scatter)
        return np.array([variances[side].sum() for side in self.sides])

    def around(self, mean: Float64[ndarray, " d"]) -> Joint:
        """The same sums with u = z − `mean`; the result's own mean is `mean`, though it is not the rows'."""
        step = self.mean - mean
        lengths = np.array([step[side] @ step[side] for side in self.sides])
        turned = np.stack([self.scatter[:, side] @ step[side] for side in self.sides])  # Σ (uₛ·stepₛ) u
        along = np.array([[third[side] @ step[side] for side in self.sides] for third in self.thirds])  # [s, t]
        across = np.array([[row[side] @ step[side] for side in self.sides] for row in turned])
        thirds = self.thirds + self.squares[:, None] * step + 2 * turned + self.n * lengths[:, None] * step
        cross = np.outer(self.squares, lengths)
        fourths = self.fourths + 2 * (along + along.T) + cross + cross.T + 4 * across
        fourths += self.n * np.outer(lengths, lengths)
        return Joint(self.n, self.left, mean, self.scatter + self.n * np.outer(step, step), thirds, fourths)


def joint_moments(rows: Float[ndarray, "n d"], left: int) -> Joint:
    """The joint moments of rows [x | y], `left` of whose columns are x's."""
    total = Joint.empty(rows.shape[1], left)
    for part in row_chunks(*rows.shape):
        total = merge_joint(total, _of_chunk(rows[part], left))
    return total


def _of_chunk(rows: Float[ndarray, "n d"], left: int) -> Joint:
    first = rows[0].astype(np.float64)  # differences to a row keep their digits under huge means
    with np.errstate(over="ignore", invalid="ignore"):  # a reader of the state reports overflow
        u = np.subtract(rows, first, dtype=np.float64)
        offset = u.mean(axis=0)
        u -= offset
        squares = np.stack([np.einsum("nd,nd->n", u[:, side], u[:, side]) for side in (slice(left), slice(left, None))])
        return Joint(len(rows), left, first + offset, u.T @ u, squares @ u, squares @ squares.T)


def merge_joint(a: Joint, b: Joint) -> Joint:
    """The joint moments of the rows of both."""
    if a.n == 0 or b.n == 0:
        return a if b.n == 0 else b
    with np.errstate(over="ignore", invalid="ignore"):
        mean = a.mean + (b.mean - a.mean) * (b.n / (a.n + b.n))
        a, b = a.around(mean), b.around(mean)
        scatter, thirds, fourths = a.scatter + b.scatter, a.thirds + b.thirds, a.fourths + b.fourths
    return Joint(a.n + b.n, a.left, mean, scatter, thirds, fourths)


def debiased_hsic(joint: Joint, s: int, t: int) -> float:
    """The unbiased Hilbert–Schmidt independence criterion of two sides under linear kernels (Song et al. 2012).

    With centred rows a kernel's off-diagonal rows sum to −‖uᵢ‖², so that no n × n matrix is needed:
    n(n − 3)·HSIC = ‖Σ uₛuₜᵀ‖² − n/(n − 2)·Σ‖uₛ‖²‖uₜ‖² + Σ‖uₛ‖²·Σ‖uₜ‖²/((n − 1)(n − 2)).

    Args:
        joint: of at least four rows.
        s, t: 0 for x, 1 for y.
    """
    n, sides, squares = joint.n, joint.sides, joint.squares
    shared = float(np.square(joint.scatter[sides[s], sides[t]]).sum())
    own = joint.fourths[s, t] * (n / (n - 2))
    return float(shared - own + squares[s] * squares[t] / ((n - 1) * (n - 2))) / (n * (n - 3))


def biased_hsic(joint: Joint, s: int) -> float:
    """The criterion of a side with itself, with its bias: the size of the terms that the unbiased one is left of."""
    side = joint.sides[s]
    return float(np.square(joint.scatter[side, side]).sum()) / (joint.n * (joint.n - 3))


def linear_cka(joint: Joint) -> float:
    """Centred kernel alignment of the two sides, with its bias: ‖XcᵀYc‖² / (‖XcᵀXc‖·‖YcᵀYc‖)."""
    x, y = joint.sides
    blocks = (joint.scatter[x, y], joint.scatter[x, x], joint.scatter[y, y])
    xy, xx, yy = (float(np.linalg.norm(block)) for block in blocks)
    return (xy / xx) * (xy / yy)


def procrustes_distance(joint: Joint) -> float:
    """1 − ‖XcᵀYc‖_* / (‖Xc‖·‖Yc‖): what no rotation and scale of one cloud takes to the other."""
    x, y = joint.sides
    shared = float(np.linalg.svd(joint.scatter[x, y], compute_uv=False).sum())
    lengths = np.sqrt(joint.squares)
    return min(max(1.0 - shared / float(lengths[0]) / float(lengths[1]), 0.0), 1.0)


def is_sound(joint: Joint) -> bool:
    """Whether float64 held every sum: fourth powers overflow from 1e77 on, and vanish below 1e-77."""
    # NaN compares false
    return math.isfinite(joint.fourths.sum()) and bool(np.all(joint.squares**2 / max(joint.n, 1) ** 2 > 1e-290))
