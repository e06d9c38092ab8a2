"""Built in: which share of the first text's words is left in the second?"""

from lmgeo.data.pydocs.exercises import Exercise
from lmgeo.data.pydocs.makers import make_overlap
from lmgeo.data.tasks.kinds import TASKS, Task

TASKS.add(
    "pydocs-overlap",
    Task(
        name="pydocs-overlap",
        kind="pair",
        labels=None,
        metrics=("pearson", "spearman"),
        description="built in: which share of the first text's words is left in the second?",
        source=Exercise(make_overlap),
    ),
)
