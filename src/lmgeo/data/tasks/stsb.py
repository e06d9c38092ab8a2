"""GLUE's STS-B."""

from lmgeo.data.glue.layout import Columns, Glue
from lmgeo.data.tasks.kinds import TASKS, Task

TASKS.add(
    "stsb",
    Task(
        name="stsb",
        kind="pair",
        labels=None,
        metrics=("pearson", "spearman"),
        description="STS-B: how alike in meaning are the two sentences, 0 to 5?",
        source=Glue(
            folder="STS-B",
            tsv=Columns("sentence1", "sentence2", "score"),
            hub=Columns("sentence1", "sentence2", "label"),
        ),
    ),
)
