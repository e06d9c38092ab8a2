"""Scores of a row of the table: means over seeds, and the average of the tasks."""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence
from typing import Any

_LOSSES = frozenset({"loss", "bpb", "forgetting"})  # alone, or before a dot: `loss.gptq4`


def score_columns(wanted: Mapping[str, Sequence[str]], results: Mapping[str, dict[str, Any]]) -> dict[str, Any]:
    """The columns of one row's scores.

    Args:
        wanted: by name, the key of the result of each fine-tuning seed.
        results: by key.

    Returns:
        `score.<name>`, the mean over seeds, with `.spread` where there are several; None if any is missing.
        `score.average` is the plain mean of the tasks, None if any is missing; losses do not enter it,
        and a row without tasks has none.
    """
    by_task = {task: [_score(results.get(key)) for key in keys] for task, keys in wanted.items()}
    flat: dict[str, Any] = {}
    for task, scores in by_task.items():
        whole = [s for s in scores if s is not None]
        flat[f"score.{task}"] = statistics.fmean(whole) if len(whole) == len(scores) else None
        if len(whole) == len(scores) > 1:
            flat[f"score.{task}.spread"] = statistics.stdev(whole)
    tasks = [task for task in by_task if not is_loss(task)]
    return {**flat, **_average({task: by_task[task] for task in tasks}, flat)} if tasks else flat


def is_loss(name: str) -> bool:
    """Whether a score is a loss of a language model, or made of some, and not a task's."""
    return name.partition(".")[0] in _LOSSES


def _average(by_task: Mapping[str, list[float | None]], flat: Mapping[str, Any]) -> dict[str, Any]:
    means = [flat[f"score.{task}"] for task in by_task]
    average = None if None in means else statistics.fmean(means)
    return {"score.average": average, **_average_spread(list(by_task.values()))}


def _average_spread(scores: list[list[float | None]]) -> dict[str, float]:
    """Spread of the average over seeds: of the averages of each seed's scores."""
    by_seed = [[s for s in seed if s is not None] for seed in zip(*scores, strict=True)]
    if len(by_seed) < 2 or any(len(seed) < len(scores) for seed in by_seed):
        return {}
    return {"score.average.spread": statistics.stdev(statistics.fmean(seed) for seed in by_seed)}


def _score(result: dict[str, Any] | None) -> float | None:
    """A score; None where there is no result yet, or one that was left out, as of a model that diverged."""
    return None if result is None or "score" not in result else result["score"]["score"]
