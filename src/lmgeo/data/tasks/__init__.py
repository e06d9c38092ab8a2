"""Labelled tasks: which there are, and how to load one."""

from lmgeo.data.examples import Examples
from lmgeo.data.tasks.kinds import TASKS, Task, TaskData
from lmgeo.data.tasks.load import load_task, score, task_identity

__all__ = ["TASKS", "Examples", "Task", "TaskData", "load_task", "score", "task_identity"]
