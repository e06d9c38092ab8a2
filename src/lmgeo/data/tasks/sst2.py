"""GLUE's SST-2."""

from lmgeo.data.glue.layout import Columns, Glue
from lmgeo.data.tasks.kinds import TASKS, Task

TASKS.add(
    "sst2",
    Task(
        name="sst2",
        kind="single",
        labels=("negative", "positive"),
        metrics=("accuracy",),
        description="SST-2: is the review phrase positive?",
        source=Glue(
            folder="SST-2",
            tsv=Columns("sentence", None, "label"),
            hub=Columns("sentence", None, "label"),
            codes={"0": 0, "1": 1},
        ),
    ),
)
