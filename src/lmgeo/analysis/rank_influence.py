"""Spearman's correlation, raw or with controls held fixed, and how much each row moves it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from lmgeo.analysis.bootstrap import Ranked
from lmgeo.core.arrays import Float, ndarray

_GONE = 1e-9  # share of variance left at which a column is taken as determined by the controls
_ALIKE = 1e-12  # eigenvalue of the controls' correlations below which they repeat one another


class Ranking(Protocol):
    """A sorted column: over all rows (`Ranked`) or within groups."""

    def mid_ranks(self) -> Float[ndarray, " n"]:
        """Centred mid-ranks, over the number of rows ranked together."""

    def pull(self, weights: Float[ndarray, " n"]) -> Float[ndarray, " n"]:
        """Derivative of the sum of `weights` times ranks by how often each row counts."""


@dataclass(frozen=True)
class Held:
    """Controls on one set of rows.

    Attributes:
        ranked: the number columns, sorted.
        columns: their centred mid-ranks, then centred dummies, (n, k).
        basis: orthonormal columns that span them, (n, r).
        weights: what turns products with the basis into regression weights, (k, r).
    """

    ranked: list[Ranked]
    columns: Float[ndarray, "n k"]
    basis: Float[ndarray, "n r"]
    weights: Float[ndarray, "k r"]

    @classmethod
    def of(cls, numeric: Float[ndarray, "n m"], dummies: Float[ndarray, "n l"]) -> Held:
        """Rank the number columns, and find what the controls span."""
        ranked = [Ranked.of(column) for column in numeric.T]
        columns = np.column_stack([*(column.mid_ranks()[:, None] for column in ranked), dummies - dummies.mean(axis=0)])
        basis, weights = orthonormal(columns)
        return cls(ranked, columns, basis, weights)

    @property
    def rank(self) -> int:
        """How many parameters the controls take up."""
        return self.basis.shape[1]


@dataclass(frozen=True)
class Left:
    """What the controls leave of one column's ranks.

    Attributes:
        ranked: the column, sorted.
        values: the residuals at population variance 1, (n,).
        own: derivative of the residuals by the column's own ranks: one over their standard deviation.
        weights: the same by the controls, (k,).
    """

    ranked: Ranking
    values: Float[ndarray, " n"]
    own: float
    weights: Float[ndarray, " k"]

    @classmethod
    def raw(cls, ranked: Ranking) -> Left:
        """A column that varies, no controls held."""
        ranks = ranked.mid_ranks()
        own = 1.0 / float(np.sqrt(np.mean(ranks**2)))
        return cls(ranked, ranks * own, own, np.empty(0))

    @classmethod
    def of(cls, ranked: Ranking, held: Held) -> Left | None:
        """A column that varies, less what controls say of its ranks; None where they determine them."""
        whole = cls.raw(ranked)
        products = np.einsum("n,nr->r", whole.values, held.basis)
        left = whole.values - np.einsum("nr,r->n", held.basis, products)
        again = np.einsum("n,nr->r", left, held.basis)  # once more takes off what rounding left
        left -= np.einsum("nr,r->n", held.basis, again)
        share = float(np.mean(left**2))
        if share <= _GONE:
            return None
        scale = 1.0 / np.sqrt(share)
        weights = np.einsum("kr,r->k", held.weights, products + again) * -scale
        return cls(ranked, left * scale, whole.own * scale, weights)


def orthonormal(columns: Float[ndarray, "n k"]) -> tuple[Float[ndarray, "n r"], Float[ndarray, "k r"]]:
    """Orthonormal columns that span centred ones, and the weights that make them; what repeats is left out.

    The same bits on any machine where the caller holds linear algebra to one thread.
    """
    size = np.sqrt(np.einsum("nk,nk->k", columns, columns))
    scale = np.divide(1.0, size, out=np.zeros_like(size), where=size > 1e-9)
    values, vectors = np.linalg.eigh((columns * scale).T @ (columns * scale))
    kept = values > _ALIKE
    weights = scale[:, None] * vectors[:, kept] / np.sqrt(values[kept])
    return columns @ weights, weights


def rank_correlation(x: Left, y: Left, controls: Sequence[Ranked] = ()) -> tuple[float, Float[ndarray, " n"]]:
    """Spearman's (partial) correlation, and n times its derivative by each row's weight.

    A row counts by its own two residuals, and by moving the ranks of all others. The regression weights
    need no term: residual correlation does not change with them to first order.

    Args:
        x, y: what is left of the two columns.
        controls: the number controls, as `Held.ranked`; dummies are not ranked and need no term.

    Source: Borkowf 2000 (raw); with controls, by the chain rule through the residuals.
    """
    r = float(np.clip(np.mean(x.values * y.values), -1.0, 1.0))
    influence = x.values * y.values - 0.5 * r * (x.values**2 + y.values**2)
    by_x, by_y = y.values - r * x.values, x.values - r * y.values  # derivatives by either residual
    influence += x.ranked.pull(by_x * x.own) + y.ranked.pull(by_y * y.own)
    for column, of_x, of_y in zip(controls, x.weights, y.weights, strict=False):  # those of dummies come last
        influence += column.pull(by_x * of_x + by_y * of_y)
    return r, influence
