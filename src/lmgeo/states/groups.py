"""Groups of sequences: what a spread is taken over, for the tokens of one sequence are not independent."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from lmgeo.states.batch import RowBatch

GROUPS = 8  # of sequences; the spread they give is itself good to about 1/√(2(8 − 1)), a quarter


def rows_by_group(batch: RowBatch, groups: int) -> Iterator[tuple[int, Any]]:
    """The rows of each group that the batch has any of, as copies where there is more than one group.

    A sequence belongs to the group of its number modulo the number of groups, so the pieces in
    which rows come do not matter.
    """
    if len(batch) == 0:
        return
    belongs = batch.sequence % groups
    if groups == 1 or (belongs == belongs[0]).all():
        yield int(belongs[0]), batch.rows
        return
    for g in range(groups):
        chosen = np.flatnonzero(belongs == g)
        if len(chosen):
            yield g, batch.gather(chosen)
