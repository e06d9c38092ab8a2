"""Built in: do the words stand in their own order?"""

from lmgeo.data.pydocs.exercises import Exercise
from lmgeo.data.pydocs.makers import make_shuffled
from lmgeo.data.tasks.kinds import TASKS, Task

TASKS.add(
    "pydocs-shuffled",
    Task(
        name="pydocs-shuffled",
        kind="single",
        labels=("own_order", "shuffled"),
        metrics=("accuracy",),
        description="built in: do the words stand in their own order?",
        source=Exercise(make_shuffled),
    ),
)
