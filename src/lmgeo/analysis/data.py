"""What every part of an analysis is given: the rows analysed, and which column plays which part."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from lmgeo.analysis.clusters import Clusters
from lmgeo.analysis.columns import FACTORS, SEEDS, SETTINGS, TRAINING_CHOICES, is_number
from lmgeo.analysis.controls import Controls
from lmgeo.core.arrays import Float, ndarray

if TYPE_CHECKING:
    import pandas as pd

SIZES = ("size", "parameters", "width", "layers")  # the first that varies tells small models from large ones
_NO_CHOICES = frozenset({"base", "family", "step", *SETTINGS, *SEEDS})


@dataclass(frozen=True)
class Factor:
    """A column of groups.

    Attributes:
        name: the column.
        levels: the level of each row as text, empty where missing (n objects).
    """

    name: str
    levels: ndarray


@dataclass(frozen=True)
class Data:
    """The rows of one analysis, all arrays over the same n rows.

    Attributes:
        table: the rows, every column.
        everything: the table before it was filtered and kept to one measurement setting.
        filtered: the rows that the filter keeps, under every measurement setting.
        target_name: what is explained.
        target: its values, NaN where missing.
        measures: values by name, NaN where missing.
        by: the factor of families; None: none was named, or it has one level.
        controls: the columns held fixed; None: none were named.
        clusters: rows that are resampled as one.
        choices: columns of training choices and perturbations that vary, seeds aside.
        size: the column that tells small models from large ones; None: there is none.
        seed: of every resampling; parts draw from streams of their own name.
    """

    table: pd.DataFrame
    everything: pd.DataFrame
    filtered: pd.DataFrame
    target_name: str
    target: Float[ndarray, " n"]
    measures: dict[str, Float[ndarray, " n"]]
    by: Factor | None
    controls: Controls | None
    clusters: Clusters
    choices: list[str]
    size: str | None
    seed: int

    @property
    def n(self) -> int:
        """Rows."""
        return len(self.target)


def choices_of(table: pd.DataFrame, controls: list[str]) -> list[str]:
    """The controls that vary; without controls, every training choice and perturbation factor that does."""
    named = controls or [c for c in (*FACTORS, *SIZES, *sorted(TRAINING_CHOICES)) if c not in _NO_CHOICES]
    return [name for name in dict.fromkeys(named) if name in table.columns and table[name].nunique(dropna=False) > 1]


def size_of(table: pd.DataFrame) -> str | None:
    """The column of model size, if the table has one that varies."""
    return next((c for c in SIZES if c in table.columns and is_number(table[c]) and table[c].nunique() > 1), None)
