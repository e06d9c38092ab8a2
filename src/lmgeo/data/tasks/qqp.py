"""GLUE's QQP."""

from lmgeo.data.glue.layout import Columns, Glue
from lmgeo.data.tasks.kinds import TASKS, Task

TASKS.add(
    "qqp",
    Task(
        name="qqp",
        kind="pair",
        labels=("not_duplicate", "duplicate"),
        metrics=("accuracy", "f1"),
        description="QQP: do the two questions ask the same?",
        source=Glue(
            folder="QQP",
            tsv=Columns("question1", "question2", "is_duplicate"),
            hub=Columns("question1", "question2", "label"),
            codes={"0": 0, "1": 1},
            skips_short_rows=True,  # the official file has some
        ),
    ),
)
