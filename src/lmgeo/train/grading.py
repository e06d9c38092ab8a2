"""A task's score with its chance level and its uncertainty over dev examples."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np

from lmgeo.core.arrays import ndarray
from lmgeo.numerics.resampling import bootstrap_interval
from lmgeo.numerics.scores import METRICS

RESAMPLES = 1000


@dataclass(frozen=True)
class TaskScore:
    """One model on one task.

    Attributes:
        task: its name.
        score: mean of the task's metrics, as a fraction.
        metrics: each metric as a fraction.
        n_train, n_eval: examples trained on, and scored.
        seed: of the fine-tuning.
        chance: the score of always answering the most frequent label; 0 for a correlation; None: not known.
        interval: 95 % percentile bootstrap interval of the score over the scored examples; None: not known.
        details: how it was trained, and notes a reader needs to judge it.
    """

    task: str
    score: float
    metrics: dict[str, float]
    n_train: int
    n_eval: int
    seed: int
    chance: float | None
    interval: tuple[float, float] | None
    details: dict[str, Any] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        """Plain JSON."""
        return {**asdict(self), "interval": None if self.interval is None else list(self.interval)}


def metrics_of(names: Sequence[str], labels: ndarray, predictions: ndarray) -> dict[str, float]:
    """Each metric by name."""
    return {name: float(METRICS[name](labels, predictions)) for name in names}


def mean_score(names: Sequence[str], labels: ndarray, predictions: ndarray) -> ndarray:
    """Mean of the metrics, for examples on the last axis."""
    return np.mean([METRICS[name](labels, predictions) for name in names], axis=0)


def chance_score(names: Sequence[str], labels: ndarray) -> float:
    """What the most frequent label alone scores on these examples; 0 where labels are graded."""
    if labels.dtype.kind == "f":
        return 0.0
    values, counts = np.unique(labels, return_counts=True)
    return float(mean_score(names, labels, np.full_like(labels, values[counts.argmax()])))


def score_interval(names: Sequence[str], labels: ndarray, predictions: ndarray, seed: int) -> tuple[float, float]:
    """95 % percentile bootstrap interval of the mean score over examples."""

    def statistic(y: ndarray, p: ndarray) -> ndarray:
        return mean_score(names, y, p)

    return bootstrap_interval(statistic, labels, predictions, resamples=RESAMPLES, seed=seed)


def notes_on(names: Sequence[str], predictions: ndarray) -> list[str]:
    """What a reader should know of these predictions."""
    notes = []
    if len(predictions) and np.ptp(predictions) == 0:
        notes.append("every prediction is the same")
        undefined = [n for n in names if n in ("matthews", "pearson", "spearman")]
        notes += [f"{name} is undefined for constant predictions and counts as 0" for name in undefined]
    return notes
