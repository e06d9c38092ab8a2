"""Labelled examples, and seeded subsets of them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from lmgeo.core.arrays import Int, ndarray
from lmgeo.core.errors import NotEnoughData, SpecError
from lmgeo.core.seeds import numpy_stream

QUANTILE_BINS = 10  # strata of a graded score


@dataclass(frozen=True)
class Examples:
    """Texts or pairs of texts with their labels.

    Attributes:
        first: one text an example.
        second: the other text of each pair; None for single texts.
        labels: int64 class indices, or float64 scores of a graded task.
    """

    first: list[str]
    second: list[str] | None
    labels: ndarray

    def __post_init__(self) -> None:
        counts = {len(self.first), len(self.labels), *([len(self.second)] if self.second is not None else [])}
        if len(counts) > 1:
            raise SpecError(f"examples of unlike counts: {sorted(counts)}", "give one label a text or pair")

    def __len__(self) -> int:
        return len(self.first)

    @property
    def graded(self) -> bool:
        """Whether the labels are scores, not classes."""
        return bool(np.issubdtype(self.labels.dtype, np.floating))

    def take(self, index: Int[ndarray, " k"]) -> Examples:
        """The examples at `index`, in that order."""
        second = None if self.second is None else [self.second[i] for i in index]
        return Examples([self.first[i] for i in index], second, self.labels[index])

    def subset(self, n: int, seed: int) -> Examples:
        """`n` examples drawn so that each class keeps its share; all of them where there are no more.

        Graded scores are stratified over ten quantile bins. The order is that of the
        whole; classes with the largest remainders get the places that rounding leaves.

        Raises:
            SpecError: `n` below one.
            NotEnoughData: no examples to draw from.
        """
        if n < 1:
            raise SpecError(f"a subset of {n} examples", "ask for 1 or more")
        if len(self) == 0:
            raise NotEnoughData("a subset of no examples", "give a task that holds examples")
        if n >= len(self):
            return self
        strata = self._strata()
        order = numpy_stream(seed, "subset").permutation(len(self))
        chosen = [order[strata[order] == s][:count] for s, count in enumerate(_shares(np.bincount(strata), n))]
        return self.take(np.sort(np.concatenate(chosen)))

    def _strata(self) -> Int[ndarray, " n"]:
        if not self.graded:
            return np.unique(self.labels, return_inverse=True)[1].astype(np.int64)
        # ranks, not values: ties and gaps in the scores leave no bin empty
        ranks = np.argsort(np.argsort(self.labels, kind="stable"), kind="stable")
        return (ranks * min(QUANTILE_BINS, len(self)) // len(self)).astype(np.int64)


def _shares(sizes: Int[ndarray, " s"], n: int) -> Int[ndarray, " s"]:
    """How many of `n` places each stratum gets: its share, by largest remainder."""
    exact = sizes * n / sizes.sum()
    counts = np.floor(exact).astype(np.int64)
    largest = np.argsort(-(exact - counts), kind="stable")
    counts[largest[: n - counts.sum()]] += 1
    return counts
