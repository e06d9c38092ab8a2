"""GLUE's CoLA."""

from lmgeo.data.glue.layout import Columns, Glue
from lmgeo.data.tasks.kinds import TASKS, Task

TASKS.add(
    "cola",
    Task(
        name="cola",
        kind="single",
        labels=("unacceptable", "acceptable"),
        metrics=("matthews",),
        description="CoLA: is the sentence acceptable English?",
        source=Glue(
            folder="CoLA",
            tsv=Columns(3, None, 1),
            hub=Columns("sentence", None, "label"),
            codes={"0": 0, "1": 1},
            width=4,  # its files have no header
        ),
    ),
)
