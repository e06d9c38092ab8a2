"""What every part of an analysis is given: the rows analysed, and which column plays which part."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from lmgeo.analysis.clusters import Clusters
from lmgeo.analysis.columns import FACTORS, SEEDS, SETTINGS, TRAINING_CHOICES, is_number, levels
from lmgeo.analysis.controls import Controls
from lmgeo.core.arrays import Float, ndarray

if TYPE_CHECKING:
    import pandas as pd

SIZES = ("size", "parameters", "width", "layers")  # the first that varies tells small models from large ones
SHAPES = (*SIZES, "heads", "body_parameters")  # a model's shape, said in several ways
_NO_CHOICES = frozenset({"base", "family", "untrained", "step", *SETTINGS, *SEEDS})


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
        held_out: rows that are held out as one: the clusters, or coarser.
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
    held_out: Clusters
    choices: list[str]
    size: str | None
    seed: int

    @property
    def n(self) -> int:
        """Rows."""
        return len(self.target)


def choices_of(table: pd.DataFrame, controls: list[str]) -> list[str]:
    """The controls that vary; without controls, every training choice and perturbation factor that does.

    Two columns that tell each other are one choice, named by the first: perturbation factors come first, then
    size (`size`, `parameters`, `width`, `layers`), then training choices in alphabetical order. So is what an
    earlier column of a model's shape tells of a later one: where `size` stands, width, layers and heads are
    no further choices. Controls are taken as they are named.
    """
    if controls:
        return [name for name in dict.fromkeys(controls) if _varies(table, name)]
    named = [c for c in dict.fromkeys((*FACTORS, *SIZES, *sorted(TRAINING_CHOICES))) if c not in _NO_CHOICES]
    codes: dict[str, ndarray] = {}
    for name in (name for name in named if _varies(table, name)):
        own = np.unique(levels(table[name]).astype(str), return_inverse=True)[1]
        if not any(_tells(other, own, both=not {name, before} <= {*SHAPES}) for before, other in codes.items()):
            codes[name] = own
    return list(codes)


def _varies(table: pd.DataFrame, name: str) -> bool:
    return name in table.columns and table[name].nunique(dropna=False) > 1


def _tells(one: ndarray, other: ndarray, *, both: bool) -> bool:
    """Whether the level of the one tells that of the other; and, with `both`, the other way round too."""
    pairs = len(set(zip(one.tolist(), other.tolist(), strict=True)))
    return pairs == int(one.max()) + 1 and (not both or pairs == int(other.max()) + 1)


def size_of(table: pd.DataFrame) -> str | None:
    """The column of model size, if the table has one that varies."""
    return next((c for c in SIZES if c in table.columns and is_number(table[c]) and table[c].nunique() > 1), None)
