"""From a task's name to its examples, and to what identifies them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from lmgeo.core.errors import SpecError
from lmgeo.core.identity import content_key
from lmgeo.data.tasks.kinds import TASKS, Task, TaskData


def load_task(name: str, data: str | None = None, seed: int = 0) -> TaskData:
    """A task's train and dev examples.

    Args:
        name: a task's name.
        data: a folder with one folder a task, or `hf:` for the hub's copy; the built-in
            tasks need none and look at none.
        seed: taken so that a caller need not know which tasks draw; a task's examples are
            the same under every seed, or two seeds' scores would not be of one task.

    Raises:
        UnknownName: no such task.
        SpecError: data missing or not as the task's layout says, with file and line.
        NotEnoughData: the built-in text is too small.
    """
    task = TASKS[name]
    train, dev, notes = task.source.read(task, data)
    return TaskData(task, train, dev, content_key(task_identity(name, data)), notes)


def task_identity(name: str, data: str | None = None) -> dict[str, Any]:
    """What a task is, for a key: its name, labels, metrics and the content of its data; never a path.

    Raises:
        as `load_task`.
    """
    task = TASKS[name]
    return {
        "task": task.name,
        "labels": None if task.labels is None else list(task.labels),
        "metrics": list(task.metrics),
        "data": task.source.identity(task, data),
    }


def score(task: Task, metrics: Mapping[str, float]) -> float:
    """A task's score: the plain mean of its metrics.

    Raises:
        SpecError: a metric of the task that is not there.
    """
    missing = [metric for metric in task.metrics if metric not in metrics]
    if missing:
        raise SpecError(f"task {task.name!r} without its metric {missing[0]!r}", f"compute {', '.join(task.metrics)}")
    return sum(metrics[metric] for metric in task.metrics) / len(task.metrics)
