"""GLUE's WNLI."""

from lmgeo.data.glue.layout import Columns, Glue
from lmgeo.data.tasks.kinds import TASKS, Task

TASKS.add(
    "wnli",
    Task(
        name="wnli",
        kind="pair",
        labels=("not_entailment", "entailment"),
        metrics=("accuracy",),
        description="WNLI: is the pronoun resolved rightly?",
        source=Glue(
            folder="WNLI",
            tsv=Columns("sentence1", "sentence2", "label"),
            hub=Columns("sentence1", "sentence2", "label"),
            codes={"0": 0, "1": 1},
        ),
    ),
)
