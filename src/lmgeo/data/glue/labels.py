"""Labels as files write them → class indices or scores, with the place in every complaint."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from lmgeo.core.arrays import ndarray
from lmgeo.core.errors import SpecError
from lmgeo.data.tasks.kinds import Task

if TYPE_CHECKING:
    from lmgeo.data.glue.layout import Glue


def text_label(value: str, task: Task, glue: Glue, where: str) -> int | float:
    """A tab-separated field as a class index or a score.

    Raises:
        SpecError: a label the task does not have, or no number in its range.
    """
    if task.labels is None:
        return _score(value, glue, where)
    codes = glue.codes or {label: index for index, label in enumerate(task.labels)}
    return _class(value, codes, where)


def hub_label(value: Any, task: Task, glue: Glue, where: str) -> int | float:
    """A hub or parquet value as a class index or a score.

    Raises:
        SpecError: as `text_label`.
    """
    if task.labels is None:
        return _score(value, glue, where)
    if isinstance(value, str):
        return _class(value, {label: index for index, label in enumerate(task.labels)}, where)
    if isinstance(value, int) and 0 <= value < len(task.labels):
        return value
    known = ", ".join(f"{index} ({label})" for index, label in enumerate(task.labels))
    raise SpecError(f"{where}: the label is {value!r}", f"labels are {known}; an unlabelled test split is none")


def as_labels(values: list[int | float], task: Task) -> ndarray:
    """int64 classes, or float64 scores."""
    return np.array(values, dtype=np.float64 if task.labels is None else np.int64)


def _class(value: str, codes: Mapping[str, int], where: str) -> int:
    if value not in codes:
        raise SpecError(f"{where}: unknown label {value!r}", f"labels are {', '.join(map(repr, codes))}")
    return codes[value]


def _score(value: Any, glue: Glue, where: str) -> float:
    low, high = glue.score_range
    try:
        score = float(value)
    except (TypeError, ValueError):
        score = math.nan
    if not low <= score <= high:  # false for NaN too
        raise SpecError(f"{where}: the score is {value!r}", f"scores are numbers from {low:g} to {high:g}")
    return score
