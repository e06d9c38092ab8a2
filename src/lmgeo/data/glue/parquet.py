"""GLUE splits as parquet files with the hub's columns."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lmgeo.core.errors import SpecError
from lmgeo.core.identity import content_key, hash_file
from lmgeo.data.examples import Examples
from lmgeo.data.glue.labels import as_labels, hub_label
from lmgeo.data.tasks.kinds import Task

if TYPE_CHECKING:
    from lmgeo.data.glue.layout import Glue


@dataclass(frozen=True)
class ParquetSplit:
    """One split, in one file or in numbered shards."""

    task: Task
    glue: Glue
    paths: list[Path]

    def content(self) -> str:
        """The hash of the files' bytes, in order."""
        return content_key([hash_file(path) for path in self.paths])

    def examples(self) -> tuple[Examples, list[str]]:
        """Every row in order.

        Raises:
            SpecError: a file that is no parquet, a column that is missing, a null text, an unknown label.
        """
        rows: list[list[Any]] = [[] for _ in self.glue.hub.wanted]
        for path in self.paths:
            for column, values in zip(rows, _columns(path, [str(c) for c in self.glue.hub.wanted]), strict=True):
                column += values
        return hub_examples(rows, self.task, self.glue, str(self.paths[0])), []


def hub_examples(columns: list[list[Any]], task: Task, glue: Glue, source: str) -> Examples:
    """Examples from the hub's columns: texts first, the label last.

    Raises:
        SpecError: no rows, a text that is none, an unknown label; with the row, counted from 0.
    """
    *texts, labels = columns
    if not labels:
        raise SpecError(f"{source} holds no rows", f"give GLUE's {glue.folder} split")
    for column in texts:
        for row, text in enumerate(column):
            if not isinstance(text, str):
                raise SpecError(f"{source}, row {row}: {text!r} is no text", "give every row its texts")
    values = [hub_label(value, task, glue, f"{source}, row {row}") for row, value in enumerate(labels)]
    return Examples(texts[0], texts[1] if len(texts) > 1 else None, as_labels(values, task))


def _columns(path: Path, wanted: list[str]) -> list[list[Any]]:
    import pyarrow
    import pyarrow.parquet

    try:
        names = pyarrow.parquet.read_schema(path).names
        missing = [name for name in wanted if name not in names]
        if missing:
            raise SpecError(
                f"{path} lacks the column {missing[0]!r} (it has {', '.join(names)})",
                f"use the hub's columns: {', '.join(wanted)}",
            )
        table = pyarrow.parquet.read_table(path, columns=wanted)
    except (pyarrow.ArrowException, OSError) as error:
        raise SpecError(f"{path} is no parquet file: {error}", "write it anew, whole") from error
    return [table.column(name).to_pylist() for name in wanted]
