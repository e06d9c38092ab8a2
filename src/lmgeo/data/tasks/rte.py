"""GLUE's RTE."""

from lmgeo.data.glue.layout import Columns, Glue
from lmgeo.data.tasks.kinds import TASKS, Task

TASKS.add(
    "rte",
    Task(
        name="rte",
        kind="pair",
        labels=("entailment", "not_entailment"),
        metrics=("accuracy",),
        description="RTE: does the first text entail the second?",
        source=Glue(
            folder="RTE",
            tsv=Columns("sentence1", "sentence2", "label"),
            hub=Columns("sentence1", "sentence2", "label"),
        ),
    ),
)
