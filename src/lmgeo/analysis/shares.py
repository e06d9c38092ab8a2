"""How the variance of many responses is shared out among the same choices."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from lmgeo.analysis.choices import Choice
from lmgeo.core.arrays import Bool, Float, ndarray
from lmgeo.core.seeds import numpy_stream
from lmgeo.numerics.shapley import EXACT_UP_TO, columns_of, sampled_shapley_shares, shapley_shares
from lmgeo.numerics.sweeps import Swept, unit_columns

ORDERS = 200  # sampled where there are more choices than `EXACT_UP_TO`
_CHUNK_CELLS = 2_000_000


@dataclass(frozen=True)
class Design:
    """Responses that have values on the same rows, and the predictors there.

    Attributes:
        names: the responses.
        rows: which rows of the table.
        main: a block of columns a choice, and the model's size where it is not among the choices (n, p).
        crossed: each choice's columns times the model's size (n, q).
        responses: unit columns (n, m).
    """

    names: list[str]
    rows: Bool[ndarray, " n_all"]
    main: Float[ndarray, "n p"]
    crossed: Float[ndarray, "n q"]
    responses: Float[ndarray, "n m"]


@dataclass(frozen=True)
class Shares:
    """What the choices explain of one response, as shares of its total sum of squares.

    Attributes:
        left: what all choices leave.
        rank: independent predictors among them.
        type2: what each choice adds to all others, with the predictors it adds.
        shapley: each choice's mean gain over all orders of entering.
        crossed: what each choice's interaction with model size adds to all choices, with its predictors.
        left_crossed: what is left beside each interaction, with the independent predictors by then.
    """

    left: float
    rank: int
    type2: list[tuple[float, int]]
    shapley: list[float]
    crossed: list[tuple[float, int]]
    left_crossed: list[tuple[float, int]]


def design(
    names: list[str], rows: ndarray, responses: Sequence[ndarray], choices: Sequence[Choice], size: ndarray | None
) -> Design:
    """The predictors and responses of some rows, in unit columns.

    Args:
        names: the responses.
        rows: which rows of the table, all of them complete.
        responses: their values over the whole table.
        choices: the blocks, in order.
        size: model size over the whole table; None: there is none.
    """
    blocks = [choice.columns[rows] for choice in choices]
    main, crossed = blocks, [np.empty((int(rows.sum()), 0))]
    if size is not None:
        of_rows = unit_columns(size[rows][:, None])
        main = [*blocks, of_rows]
        crossed = [unit_columns(block) * of_rows for block in blocks]
    # one by one: numpy sums a single column in another order than one of several
    y = np.column_stack([unit_columns(response[rows][:, None]) for response in responses])
    return Design(names, rows, unit_columns(np.column_stack(main)), unit_columns(np.column_stack(crossed)), y)


def share_out(designs: Sequence[Design], widths: Sequence[int], seed: int) -> dict[str, Shares]:
    """Shares of every response of every design, by name.

    Args:
        designs: each with the same choices.
        widths: predictors of each choice.
        seed: of the orders, where they are sampled.
    """
    found: dict[str, Shares] = {}
    for some in _chunks(designs):
        found |= _of_chunk(some, widths, seed)
    return found


def _chunks(designs: Sequence[Design]) -> Iterator[list[Design]]:
    """Designs worked on together: with about as many responses each, and small enough for memory."""
    chunk: list[Design] = []
    for one in sorted(designs, key=lambda d: len(d.names)):
        p = one.main.shape[1] + one.crossed.shape[1]
        cells = (len(chunk) + 1) * p * max(p, len(one.names))
        if chunk and (cells > _CHUNK_CELLS or len(one.names) > 2 * len(chunk[0].names)):
            yield chunk
            chunk = []
        chunk.append(one)
    yield chunk


def _of_chunk(designs: list[Design], widths: Sequence[int], seed: int) -> dict[str, Shares]:
    whole = _products(designs)
    everything, k = np.arange(designs[0].main.shape[1]), len(widths)
    start = whole.select(everything[: sum(widths)])
    full = start.take(sum(widths))
    without = [start.select(columns_of([o for o in range(k) if o != b], widths)) for b in range(k)]
    others = [state.take(state.gram.shape[1]) for state in without]
    if k <= EXACT_UP_TO:
        shapley = shapley_shares(start, widths)
    else:
        random = numpy_stream(seed, "analysis", "reflects", str(k))
        shapley = sampled_shapley_shares(start, widths, ORDERS, random)
    crossed = _with_size(whole, widths, designs)
    return {
        name: Shares(
            float(full.left[g, m]),
            int(full.rank[g]),
            [(float(o.left[g, m] - full.left[g, m]), int(full.rank[g] - o.rank[g])) for o in others],
            [float(share) for share in shapley[:, g, m]],
            [(float(a.left[g, m] - b.left[g, m]), int(b.rank[g] - a.rank[g])) for a, b in crossed],
            [(float(b.left[g, m]), int(b.rank[g])) for _, b in crossed],
        )
        for g, one in enumerate(designs)
        for m, name in enumerate(one.names)
    }


def _with_size(whole: Swept, widths: Sequence[int], designs: list[Design]) -> list[tuple[Swept, Swept]]:
    """The state before and after each choice's interaction with model size is taken out."""
    if designs[0].crossed.shape[1] == 0:
        return []
    before = whole.take(designs[0].main.shape[1])
    states = [before.select(columns_of([block], widths)) for block in range(len(widths))]
    return [(before, state.take(width)) for state, width in zip(states, widths, strict=True)]


def _products(designs: list[Design]) -> Swept:
    """Products of each design, padded with empty responses to the greatest number of them."""
    most = max(len(one.names) for one in designs)
    grams, crosses = [], []
    for one in designs:
        predictors = np.column_stack([one.main, one.crossed])
        cross = np.zeros((predictors.shape[1], most))
        for m, response in enumerate(one.responses.T):  # one by one: the same bits whatever stands beside
            cross[:, m] = predictors.T @ np.ascontiguousarray(response)
        grams.append(predictors.T @ predictors)
        crosses.append(cross)
    left = np.ones((len(designs), most))
    return Swept(np.stack(grams), np.stack(crosses), left, np.zeros(len(designs), np.int64))
