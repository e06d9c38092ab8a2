"""GLUE's MNLI."""

from lmgeo.data.glue.layout import Columns, Glue
from lmgeo.data.tasks.kinds import TASKS, Task

TASKS.add(
    "mnli",
    Task(
        name="mnli",
        kind="pair",
        labels=("entailment", "neutral", "contradiction"),
        metrics=("accuracy",),
        description="MNLI: does the premise entail the hypothesis? (matched)",
        source=Glue(
            folder="MNLI",
            tsv=Columns("sentence1", "sentence2", "gold_label"),
            hub=Columns("premise", "hypothesis", "label"),
            dev="dev_matched",
            validation="validation_matched",
        ),
    ),
)
