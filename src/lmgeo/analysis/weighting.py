"""Bootstrap by weights: every group of rows keeps a place in every draw, some with more weight and some with less.

Drawing groups with replacement leaves a third of them out of each resample. A regression with a
dozen columns on thirty models is then often refitted on fewer models than it has columns, and its
errors run off to any size. Exponential weights have the same mean and variance as counts of
drawing, and leave nobody out. Source: Rubin 1981, The Bayesian bootstrap.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from lmgeo.analysis.bootstrap import percentile_interval
from lmgeo.core.arrays import Float, Int, ndarray
from lmgeo.core.seeds import numpy_stream

DRAWS = 1000
PARTS = 10  # draws come in parts: each part fits in memory, and cross-validation splits each anew
TAIL = 0.025  # on either side of a 95 % interval
LEAST_GROUPS = 5  # fewer, and weighing them anew says next to nothing


def weights_of_groups(labels: Int[ndarray, " n"], seed: int, part: str) -> Iterator[Float[ndarray, "n b"]]:
    """Weights of mean 1 over groups, the same for all rows of a group; `PARTS` blocks of `DRAWS / PARTS` draws.

    Args:
        labels: the group of each row, 0 … count − 1.
        seed, part: the stream; it depends on nothing else, so not on which measures are asked for.
    """
    groups = int(labels.max()) + 1
    for block in range(PARTS):
        random = numpy_stream(seed, "analysis", part, "weights", str(block))
        drawn = random.standard_exponential((groups, DRAWS // PARTS))
        yield (drawn / drawn.mean(axis=0))[labels]


def weighted_grams(columns: Float[ndarray, "n q"], weights: Float[ndarray, "n b"]) -> Float[ndarray, "b q q"]:
    """Weighted sums of products of every two columns, for each draw."""
    return np.stack([(columns * weight[:, None]).T @ columns for weight in weights.T])


def interval_over_groups(draws: Float[ndarray, " b"], labels: Int[ndarray, " n"]) -> list[float] | None:
    """The central 95 % of the draws; None where `too_few_groups`."""
    return None if too_few_groups(labels) else percentile_interval(draws)


def too_few_groups(labels: Int[ndarray, " n"]) -> str | None:
    """Why so few groups give no interval, or None where they do."""
    groups = int(labels.max(initial=-1)) + 1
    return f"{groups} groups give no interval; at least {LEAST_GROUPS} are needed" if groups < LEAST_GROUPS else None
