"""Built in: which part of the documentation is the sentence from?"""

from lmgeo.data.pydocs.exercises import Exercise
from lmgeo.data.pydocs.makers import TOPICS, make_topic
from lmgeo.data.tasks.kinds import TASKS, Task

TASKS.add(
    "pydocs-topic",
    Task(
        name="pydocs-topic",
        kind="single",
        labels=TOPICS,
        metrics=("accuracy",),
        description="built in: which part of the documentation is the sentence from?",
        source=Exercise(make_topic),
    ),
)
