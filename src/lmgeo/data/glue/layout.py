"""How one GLUE task lies in files: folder, files, columns."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from lmgeo.data.examples import Examples
from lmgeo.data.glue.places import open_split
from lmgeo.data.tasks.kinds import Task


@dataclass(frozen=True)
class Columns:
    """Which columns hold the texts and the label; a number counts columns from 0, without a header."""

    first: str | int
    second: str | int | None
    label: str | int

    @property
    def wanted(self) -> list[str | int]:
        """Every column that is read, texts first and the label last."""
        return [column for column in (self.first, self.second, self.label) if column is not None]


@dataclass(frozen=True)
class Glue:
    """The source of one GLUE task.

    Attributes:
        folder: its folder in GLUE's own layout.
        tsv: columns of the tab-separated files.
        hub: columns of the hub's copy and of parquet files.
        dev: stem of the development file.
        validation: the hub's name of that split.
        codes: what the tab-separated files write for each class; by default its name.
        score_range: least and greatest score of a graded task.
        width: fields a row must have, for files without a header.
        skips_short_rows: rows that lack fields are skipped and counted, as GLUE's own loader does.
    """

    folder: str
    tsv: Columns
    hub: Columns
    dev: str = "dev"
    validation: str = "validation"
    codes: Mapping[str, int] | None = None
    score_range: tuple[float, float] = (0.0, 5.0)
    width: int | None = None
    skips_short_rows: bool = False

    def read(self, task: Task, data: str | None) -> tuple[Examples, Examples, list[str]]:
        """Train and dev examples from `data`, a folder or `hf:`."""
        (train, notes), (dev, more) = (open_split(task, self, data, split).examples() for split in ("train", "dev"))
        return train, dev, [*notes, *more]

    def identity(self, task: Task, data: str | None) -> dict[str, Any]:
        """Hashes of what the two splits are read from."""
        return {split: open_split(task, self, data, split).content() for split in ("train", "dev")}
