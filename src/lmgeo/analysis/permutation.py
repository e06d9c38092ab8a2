"""A p without a formula: how often a target dealt out anew goes as closely with the measure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import lgamma, log

import numpy as np

from lmgeo.analysis.bootstrap import Ranked
from lmgeo.analysis.clusters import Clusters
from lmgeo.core.arrays import Float, Int, ndarray
from lmgeo.core.seeds import numpy_stream

_DRAWS = 1999
_LEAST_ARRANGEMENTS = 20  # fewer, and no p of 0.05 could come out
_CHUNK_CELLS = 2_000_000


@dataclass(frozen=True)
class Dealing:
    """How the rows of a table may change places if measure and target had nothing to do with each other.

    Attributes:
        blocks: arrays of rows (units, rows of a unit): the units of one array may trade places whole.
        n: rows.
    """

    blocks: list[Int[ndarray, "u s"]]
    n: int

    @classmethod
    def of(cls, groups: Int[ndarray, " n"], units: Int[ndarray, " n"]) -> Dealing:
        """Units within one group trade places with units of as many rows, row for row in the table's order.

        Args:
            groups: the group of each row; negative: this row keeps its place.
            units: what stays together; the parts of a unit in two groups are two units.
        """
        pieces = np.unique(np.stack([groups, units]), axis=1, return_inverse=True)[1].ravel()
        order = np.argsort(pieces, kind="stable")
        sizes = np.bincount(pieces)
        starts = np.cumsum(sizes) - sizes
        group = groups[order[starts]]
        blocks = []
        for key in np.unique(np.stack([group, sizes])[:, group >= 0], axis=1).T:
            alike = np.flatnonzero((group == key[0]) & (sizes == key[1]))
            if len(alike) > 1:
                blocks.append(order[starts[alike][:, None] + np.arange(key[1])])
        return cls(blocks, len(groups))

    @property
    def enough(self) -> bool:
        """Whether there are arrangements enough for a p that could be small."""
        return sum(lgamma(len(block) + 1.0) for block in self.blocks) >= log(_LEAST_ARRANGEMENTS) - 1e-9

    def deal(self, values: Float[ndarray, " n"], seed: int) -> Iterator[Float[ndarray, "b n"]]:
        """The values in random arrangements, in chunks; the stream depends on `seed` and n alone."""
        random = numpy_stream(seed, "analysis", "permutation", str(self.n))
        step = max(1, min(_DRAWS, _CHUNK_CELLS // self.n))
        for start in range(0, _DRAWS, step):
            dealt = np.tile(values, (min(step, _DRAWS - start), 1))
            for block in self.blocks:
                units = np.tile(np.arange(len(block)), (len(dealt), 1))
                dealt[:, block.ravel()] = values[block[random.permuted(units, axis=1)]].reshape(len(dealt), -1)
            yield dealt

    def expected(self, x: Float[ndarray, "m n"], y: Float[ndarray, " n"]) -> Float[ndarray, " m"]:
        """The mean over all arrangements of the sum of x · y."""
        mean = y.copy()
        for block in self.blocks:
            mean[block] = y[block].mean(axis=0)
        return np.einsum("mn,n->m", x, mean)


def dealing(groups: Int[ndarray, " n"], clusters: Clusters, seeds: Int[ndarray, " n"]) -> Dealing:
    """What may trade places: whole clusters where a group has several of them, else what a group's one cluster holds.

    A cluster's rows are near copies. Dealt out one by one they would count as so many models, and a chance
    likeness as a finding. Where each group lies in one cluster, rows within it trade places, those that
    differ by a seed alone together if that leaves arrangements enough.

    Args:
        groups: the group of each row; negative: none.
        clusters: the rows that stand or fall together.
        seeds: the seed group of each row.

    Source: Winkler et al. 2015 (whole-block and within-block exchangeability).
    """
    pairs = np.unique(np.stack([groups, clusters.labels])[:, groups >= 0], axis=1)
    if pairs.shape[1] > len(np.unique(pairs[0])):
        return Dealing.of(groups, clusters.labels)
    by_seeds = Dealing.of(groups, seeds)
    return by_seeds if by_seeds.enough else Dealing.of(groups, np.arange(len(groups)))


def permutation_p(columns: Sequence[ndarray], y: ndarray, deal: Dealing, seed: int) -> list[float]:
    """Two-sided p of Spearman's correlation of each column with y among random arrangements of y.

    Within groups the correlation is centred where the arrangements have their mean, which is not 0 where
    groups differ: the p speaks of the relation within groups.

    Args:
        columns: columns without missing values.
        y: the target on the same rows.
        deal: the arrangements.
        seed: of the arrangements.

    Returns:
        (1 + arrangements at least as far from the mean) / (1 + arrangements), in steps of 1/2,000.

    Source: Phipson & Smyth 2010 (the ones).
    """
    x, z = np.stack([_whole_ranks(column) for column in columns]), _whole_ranks(y)
    mean = deal.expected(x, z)
    reach = np.abs(x @ z - mean)
    further = np.zeros(len(x))
    for dealt in deal.deal(z, seed):
        # sums of whole numbers, so exact in any order of adding, on any number of threads
        further += np.count_nonzero(np.abs(x @ dealt.T - mean[:, None]) >= reach[:, None] - 1e-6, axis=1)
    return [float(p) for p in (1.0 + further) / (1.0 + _DRAWS)]


def _whole_ranks(values: Float[ndarray, " n"]) -> Float[ndarray, " n"]:
    """Mid-ranks doubled and centred: whole numbers."""
    return np.rint(2.0 * len(values) * Ranked.of(values).mid_ranks())
