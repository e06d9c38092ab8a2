"""Built in: do a passage's first two sentences stand in their own order?"""

from lmgeo.data.pydocs.exercises import Exercise
from lmgeo.data.pydocs.makers import make_order
from lmgeo.data.tasks.kinds import TASKS, Task

TASKS.add(
    "pydocs-order",
    Task(
        name="pydocs-order",
        kind="pair",
        labels=("swapped", "in_order"),
        metrics=("accuracy",),
        description="built in: do a passage's first two sentences stand in their own order?",
        source=Exercise(make_order),
    ),
)
