"""What a task is, and the registry of them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

from lmgeo.core.registry import Registry
from lmgeo.data.examples import Examples


@dataclass(frozen=True)
class Task:
    """A labelled task; its score is the mean of its metrics.

    Attributes:
        name: lower case, without dashes for GLUE's.
        kind: whether an example is one text or a pair.
        labels: the class names in the order of their indices; None for a graded score.
        metrics: of `accuracy f1 matthews pearson spearman`.
        description: one line for listings.
        source: where its examples come from.
    """

    name: str
    kind: Literal["single", "pair"]
    labels: tuple[str, ...] | None
    metrics: tuple[str, ...]
    description: str
    source: TaskSource


@dataclass(frozen=True)
class TaskData:
    """A task's examples.

    Attributes:
        task: the task.
        train, dev: examples to fine-tune on, and to score on.
        content: hash of what identifies them.
        notes: what a reader should know (rows skipped).
    """

    task: Task
    train: Examples
    dev: Examples
    content: str
    notes: list[str] = field(default_factory=list)


class TaskSource(Protocol):
    """Where a task's examples come from; `data` is the user's `--data`, or None."""

    def read(self, task: Task, data: str | None) -> tuple[Examples, Examples, list[str]]:
        """Train and dev examples, and notes."""

    def identity(self, task: Task, data: str | None) -> dict[str, Any]:
        """What the examples are, as plain JSON; no path in it."""


TASKS: Registry[Task] = Registry("task", "lmgeo.data.tasks")
