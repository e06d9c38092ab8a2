"""Bars on standard error, with time left; nothing where nobody looks."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager

from lmgeo.core.progress import Progress, silent


@contextmanager
def bars(quiet: bool) -> Iterator[Progress]:
    """A listener that draws one bar a label while the block runs."""
    if quiet or not sys.stderr.isatty():
        yield silent if quiet else _lines()
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, TaskID, TextColumn, TimeElapsedColumn, TimeRemainingColumn
    from rich.progress import Progress as Bars

    columns = [
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TextColumn("left"),
        TimeRemainingColumn(),
    ]
    with Bars(*columns, console=Console(stderr=True)) as shown:
        tasks: dict[str, TaskID] = {}

        def tell(label: str, done: float, total: float) -> None:
            if label not in tasks:
                tasks[label] = shown.add_task(label, total=total)
            shown.update(tasks[label], completed=done, total=total, visible=label == "cells" or done < total)

        yield tell


def _lines(every: float = 0.1) -> Progress:
    """A line on standard error for each tenth of the cells: for logs, where bars are noise."""
    last: dict[str, float] = {}

    def tell(label: str, done: float, total: float) -> None:
        share = done / total if total else 1.0
        if label == "cells" and (label not in last or share - last[label] >= every or share >= 1):
            last[label] = share
            sys.stderr.write(f"{label}: {done:g} of {total:g}\n")

    return tell
