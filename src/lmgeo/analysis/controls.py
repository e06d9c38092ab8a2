"""Control columns as a design: numbers as they are or by their logarithm, text as dummies."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from lmgeo.analysis.columns import is_number, levels, predictor
from lmgeo.core.arrays import Bool, Float, ndarray

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class Controls:
    """Control columns over all rows of a table.

    Attributes:
        names: the columns as named by the user.
        values: the number columns as `predictor` gives them, NaN where missing.
        dummies: 0/1 columns of the text controls, the first level of each left out.
        complete: rows in which every control has a value.
    """

    names: list[str]
    values: Float[ndarray, "n k"]
    dummies: Float[ndarray, "n l"]
    complete: Bool[ndarray, " n"]

    @property
    def design(self) -> Float[ndarray, "n kl"]:
        """Numbers and dummies side by side, without an intercept."""
        return np.concatenate([self.values, self.dummies], axis=1)


def read_controls(table: pd.DataFrame, names: Sequence[str]) -> Controls:
    """The control columns of a table."""
    n = len(table)
    values: list[ndarray] = []
    dummies: list[ndarray] = []
    complete = np.ones(n, dtype=bool)
    for name in names:
        if is_number(table[name]):
            values.append(predictor(table, name))
            complete &= np.isfinite(values[-1])
        else:
            found = levels(table[name])
            complete &= found != ""
            dummies += [(found == level).astype(np.float64) for level in sorted(set(found) - {""})[1:]]
    return Controls(list(names), _stack(values, n), _stack(dummies, n), complete)


def _stack(columns: list[ndarray], n: int) -> Float[ndarray, "n k"]:
    return np.stack(columns, axis=1) if columns else np.empty((n, 0))
