"""GLUE's tab-separated files: no quoting, so a quotation mark is a character like any other."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from lmgeo.core.errors import SpecError
from lmgeo.core.identity import hash_file
from lmgeo.data.examples import Examples
from lmgeo.data.glue.labels import as_labels, text_label
from lmgeo.data.tasks.kinds import Task
from lmgeo.data.textfile import read_lines

if TYPE_CHECKING:
    from lmgeo.data.glue.layout import Glue


@dataclass(frozen=True)
class TsvSplit:
    """One file, one example a line."""

    task: Task
    glue: Glue
    path: Path

    def content(self) -> str:
        """The hash of the file's bytes."""
        return hash_file(self.path)

    def examples(self) -> tuple[Examples, list[str]]:
        """Every row in order; blank lines are skipped.

        Raises:
            SpecError: no rows, a column the header lacks, a row of the wrong width, an
                unknown label or a score that is none; with file and line.
        """
        lines = read_lines(self.path, f"GLUE's {self.glue.folder} rows")
        start = 0 if self.glue.width else 1
        names = lines[0].split("\t") if lines else []
        columns = self._columns(names)
        rows = list(self._rows(lines, start, self.glue.width or len(names)))
        if not rows:
            raise SpecError(f"{self.path} holds no rows", f"put GLUE's {self.path.name} of {self.glue.folder} there")
        blank = sum(1 for line in lines[start:] if not line.strip())
        skipped = len(lines) - start - blank - len(rows)
        note = f"{self.glue.folder}/{self.path.name}: skipped {skipped} rows that lack fields"
        return self._build(rows, columns), [note] if skipped else []

    def _columns(self, names: list[str]) -> list[int]:
        if self.glue.width:
            return [int(column) for column in self.glue.tsv.wanted]
        missing = [str(column) for column in self.glue.tsv.wanted if column not in names]
        if missing:
            header = ", ".join(names) if any(names) else "nothing"
            wanted = ", ".join(map(str, self.glue.tsv.wanted))
            raise SpecError(
                f"{self.path}:1: the header lacks {missing[0]!r} (it has {header[:200]})",
                f"keep GLUE's header, tab-separated; needed are {wanted}",
            )
        return [names.index(str(column)) for column in self.glue.tsv.wanted]

    def _rows(self, lines: list[str], start: int, width: int) -> Iterator[tuple[int, list[str]]]:
        for number, line in enumerate(lines[start:], start + 1):
            if not line.strip():
                continue
            fields = line.split("\t")
            if len(fields) == width:
                yield number, fields
            elif len(fields) > width or not self.glue.skips_short_rows:
                shown = line if len(line) <= 80 else f"{line[:77]}..."
                raise SpecError(
                    f"{self.path}:{number}: {len(fields)} fields, not {width}: {shown!r}",
                    "mend the row: fields are separated by one tab, and no text may hold one",
                )

    def _build(self, rows: list[tuple[int, list[str]]], columns: list[int]) -> Examples:
        *texts, label = columns
        values = [text_label(fields[label], self.task, self.glue, f"{self.path}:{line}") for line, fields in rows]
        first, *second = ([fields[column] for _, fields in rows] for column in texts)
        return Examples(first, second[0] if second else None, as_labels(values, self.task))
