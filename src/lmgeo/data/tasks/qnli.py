"""GLUE's QNLI."""

from lmgeo.data.glue.layout import Columns, Glue
from lmgeo.data.tasks.kinds import TASKS, Task

TASKS.add(
    "qnli",
    Task(
        name="qnli",
        kind="pair",
        labels=("entailment", "not_entailment"),
        metrics=("accuracy",),
        description="QNLI: does the sentence answer the question?",
        source=Glue(
            folder="QNLI",
            tsv=Columns("question", "sentence", "label"),
            hub=Columns("question", "sentence", "label"),
        ),
    ),
)
