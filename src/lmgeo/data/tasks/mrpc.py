"""GLUE's MRPC."""

from lmgeo.data.glue.layout import Columns, Glue
from lmgeo.data.tasks.kinds import TASKS, Task

TASKS.add(
    "mrpc",
    Task(
        name="mrpc",
        kind="pair",
        labels=("not_equivalent", "equivalent"),
        metrics=("accuracy", "f1"),
        description="MRPC: do the two sentences say the same?",
        source=Glue(
            folder="MRPC",
            tsv=Columns("#1 String", "#2 String", "Quality"),
            hub=Columns("sentence1", "sentence2", "label"),
            codes={"0": 0, "1": 1},
        ),
    ),
)
