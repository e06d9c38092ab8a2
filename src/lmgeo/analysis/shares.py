"""How the variance of many responses is shared out among the same choices."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from lmgeo.analysis.choices import Choice
from lmgeo.core.arrays import Bool, Float, ndarray
from lmgeo.core.seeds import numpy_stream
from lmgeo.numerics.shapley import EXACT_UP_TO, columns_of, sampled_shapley_shares, shapley_shares
from lmgeo.numerics.sweeps import Swept, unit_columns

ORDERS = 200  # sampled where there are more choices than `EXACT_UP_TO`
_CHUNK_CELLS = 2_000_000


@dataclass(frozen=True)
class Products:
    """Products over the rows on which some responses have values; the rows themselves are not kept.

    Predictors are a block a choice, then the model's size where there is one; after these `main` ones
    come the further blocks: each choice's columns times the model's size, where there is one, and
    each choice's curve. Products of one further block with another are not had.

    Attributes:
        names: the responses.
        main: how many predictors come first.
        further: widths of the further blocks.
        gram: of the predictors with one another (p, p).
        cross: of the predictors with the responses (p, m).
    """

    names: list[str]
    main: int
    further: list[int]
    gram: Float[ndarray, "p p"]
    cross: Float[ndarray, "p m"]


class Added(NamedTuple):
    """What predictors add to others: a share, how many independent ones they are, and what is then left and taken."""

    share: float
    df: int
    left: float
    rank: int


@dataclass(frozen=True)
class Shares:
    """What the choices explain of one response, as shares of its total sum of squares.

    Attributes:
        left: what all choices leave.
        rank: independent predictors among them.
        type2: what each choice adds to all others.
        shapley: each choice's mean gain over all orders of entering.
        crossed: what each choice's interaction with model size adds to all choices; empty without size.
        curved: what each number's curve adds to all choices as straight lines.
    """

    left: float
    rank: int
    type2: list[Added]
    shapley: list[float]
    crossed: list[Added]
    curved: list[Added]


def products(
    names: list[str],
    responses: Sequence[ndarray],
    rows: Bool[ndarray, " n"],
    choices: Sequence[Choice],
    size: ndarray | None,
) -> Products:
    """Products of the choices with one another and with some responses.

    Args:
        names: the responses.
        responses: unit columns over `rows`.
        rows: which rows of the table, all of them complete.
        choices: the blocks, in order.
        size: model size over the whole table; None: there is none.
    """
    blocks = [choice.columns[rows] for choice in choices]
    further = [unit_columns(choice.curve(rows)) for choice in choices]
    if size is not None:
        of_rows = unit_columns(size[rows][:, None])
        further = [*(unit_columns(unit_columns(block) * of_rows) for block in blocks), *further]
        blocks = [*blocks, of_rows]
    main = unit_columns(np.column_stack(blocks))
    predictors = np.column_stack([main, *further])
    p, widths = main.shape[1], [block.shape[1] for block in further]
    gram = np.zeros((predictors.shape[1], predictors.shape[1]))
    gram[:p] = main.T @ predictors
    gram[:, :p] = gram[:p].T
    for start, block in zip(p + np.cumsum([0, *widths]), further, strict=False):
        gram[start : start + block.shape[1], start : start + block.shape[1]] = block.T @ block
    cross = np.column_stack([predictors.T @ response for response in responses])  # the same bits whatever stands beside
    return Products(names, p, widths, gram, cross)


def share_out(found: Sequence[Products], widths: Sequence[int], seed: int) -> dict[str, Shares]:
    """Shares of every response, by name.

    Args:
        found: products, each of the same choices.
        widths: predictors of each choice.
        seed: of the orders of entering, where they are sampled.
    """
    return {name: shares for some in _chunks(found) for name, shares in _of_chunk(some, widths, seed).items()}


def _chunks(found: Sequence[Products]) -> Iterator[list[Products]]:
    """What is worked on together: with about as many responses each, and small enough for memory."""
    chunk: list[Products] = []
    for one in sorted(found, key=lambda products: len(products.names)):
        cells = (len(chunk) + 1) * len(one.gram) * max(len(one.gram), len(one.names))
        if chunk and (cells > _CHUNK_CELLS or len(one.names) > 2 * len(chunk[0].names)):
            yield chunk
            chunk = []
        chunk.append(one)
    if chunk:
        yield chunk


def _of_chunk(chunk: list[Products], widths: Sequence[int], seed: int) -> dict[str, Shares]:
    whole, k = _stacked(chunk), len(widths)
    start = whole.select(np.arange(sum(widths)))
    full = start.take(sum(widths))
    without = [start.select(columns_of([o for o in range(k) if o != b], widths)) for b in range(k)]
    others = [state.take(state.gram.shape[1]) for state in without]
    if k <= EXACT_UP_TO:
        shapley = shapley_shares(start, widths)
    else:
        random = numpy_stream(seed, "analysis", "reflects", str(k))
        shapley = sampled_shapley_shares(start, widths, ORDERS, random)
    before, blocks = whole.take(chunk[0].main), chunk[0].further
    after = [before.select(columns_of([b], blocks)).take(width) for b, width in enumerate(blocks)]
    return {
        name: Shares(
            float(full.left[g, m]),
            int(full.rank[g]),
            [_added(state, full, g, m) for state in others],
            [float(share) for share in shapley[:, g, m]],
            [_added(before, state, g, m) for state in after[: len(blocks) - k]],
            [_added(before, state, g, m) for state in after[len(blocks) - k :]],
        )
        for g, one in enumerate(chunk)
        for m, name in enumerate(one.names)
    }


def _added(before: Swept, after: Swept, g: int, m: int) -> Added:
    left = float(after.left[g, m])
    share = max(0.0, float(before.left[g, m]) - left)
    return Added(share, int(after.rank[g] - before.rank[g]), left, int(after.rank[g]))


def _stacked(chunk: list[Products]) -> Swept:
    """Products side by side, padded with empty responses to the greatest number of them."""
    most = max(len(one.names) for one in chunk)
    cross = [np.pad(one.cross, ((0, 0), (0, most - len(one.names)))) for one in chunk]
    left = np.ones((len(chunk), most))
    return Swept(np.stack([one.gram for one in chunk]), np.stack(cross), left, np.zeros(len(chunk), np.int64))
