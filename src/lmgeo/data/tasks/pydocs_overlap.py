"""Built in: which share of its words does the second text have from the first?"""

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
        description="built in: which share of its words does the second text have from the first?",
        source=Exercise(make_overlap),
    ),
)
