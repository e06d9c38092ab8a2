"""Shapley shares of R²: what a block of predictors adds, averaged over every order of entering.

Sources: Shapley 1953; Lindeman, Merenda & Gold 1980 and Grömping 2007 for its use on R².
"""

from __future__ import annotations

from collections.abc import Sequence
from math import comb

import numpy as np

from lmgeo.core.arrays import Float, ndarray
from lmgeo.numerics.sweeps import Swept

EXACT_UP_TO = 10  # blocks: 1,024 subsets


def shapley_shares(start: Swept, widths: Sequence[int]) -> Float[ndarray, "k g m"]:
    """Exact Shapley shares of the responses' squares; over the blocks they sum to what all explain.

    Args:
        start: products with nothing taken out.
        widths: how many predictors each block has, in the order of `start`.
    """
    k = len(widths)
    explained = start.left[None] - _left_by_subset(start, widths)
    members = (np.arange(2**k)[:, None] >> np.arange(k)) & 1  # (2^k, k)
    size = members.sum(axis=1)
    weights = np.array([1.0 / (k * comb(k - 1, s)) for s in range(k)])
    shares = np.empty((k, *start.left.shape))
    for block in range(k):
        without = np.flatnonzero(members[:, block] == 0)
        gain = explained[without + (1 << block)] - explained[without]
        shares[block] = np.einsum("s,sgm->gm", weights[size[without]], gain)
    return shares


def sampled_shapley_shares(
    start: Swept, widths: Sequence[int], orders: int, random: np.random.Generator
) -> Float[ndarray, "k g m"]:
    """Shapley shares over random orders, each followed by its reverse; they sum to what all explain.

    Source: Castro, Gómez & Tejada 2009; reversed orders as in Mitchell et al. 2022.

    Args:
        start: products with nothing taken out.
        widths: how many predictors each block has.
        orders: how many orders, an even number.
        random: draws the orders.
    """
    shares = np.zeros((len(widths), *start.left.shape))
    for _ in range(orders // 2):
        order = random.permutation(len(widths))
        for one in (order, order[::-1]):
            state = start.select(columns_of(one.tolist(), widths))
            for block in one:
                after = state.take(widths[block])
                shares[block] += state.left - after.left
                state = after
    return shares / (orders // 2 * 2)


def columns_of(blocks: Sequence[int], widths: Sequence[int]) -> ndarray:
    """The predictors of some blocks, in the order of the blocks."""
    starts = np.concatenate([[0], np.cumsum(widths)]).astype(np.int64)
    return np.concatenate([np.empty(0, np.int64), *(np.arange(starts[b], starts[b] + widths[b]) for b in blocks)])


def _left_by_subset(start: Swept, widths: Sequence[int]) -> Float[ndarray, "s g m"]:
    """What each subset of the blocks leaves; bit i of a subset's number stands for block i."""
    left = np.empty((2 ** len(widths), *start.left.shape))

    def walk(state: Swept, block: int, subset: int) -> None:
        if block == len(widths):
            left[subset] = state.left
            return
        walk(state.drop(widths[block]), block + 1, subset)
        walk(state.take(widths[block]), block + 1, subset | 1 << block)

    walk(start, 0, 0)
    return left
