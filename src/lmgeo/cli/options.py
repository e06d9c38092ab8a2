"""Options that several commands share, and how every command prints."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from lmgeo.core.environment import set_offline
from lmgeo.core.errors import SpecError

Json = Annotated[bool, typer.Option("--json", help="Print one JSON document on standard output, nothing else.")]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="No progress bars, no remarks.")]
Offline = Annotated[bool, typer.Option("--offline", help="Use no network at all.")]
Seed = Annotated[int, typer.Option(min=0, help="Seed of the draws and of the quantizers.")]
Measures = Annotated[str, typer.Option(help="Names or globs, separated by commas, e.g. 'eee,lsq_*'.")]
Plugins = Annotated[
    list[Path] | None,
    typer.Option("--plugin", help="A Python file of your own measures. It runs, so name only what you trust."),
]
Device = Annotated[str, typer.Option(help="Where the model runs: cpu, cuda, cuda:1 …")]

_OF_TEXT = ("corpus", "sequences", "sampling", "sites", "tokens")  # of the text that a model reads, and where


def begin(offline: bool, plugins: Sequence[Path] | None = None) -> None:
    """What each command does first; files of measures are run before anything else is looked at."""
    if offline:
        set_offline()
    if plugins:
        from lmgeo.api.plugins import load_plugins

        load_plugins(plugins)


def refuse_text_options(context: typer.Context, source: str) -> None:
    """Refuse options about a model's text that the user wrote beside a cloud file, which has none.

    Raises:
        SpecError: there are such options.
    """
    sources = {name: context.get_parameter_source(name) for name in _OF_TEXT}
    written = [f"--{name}" for name, found in sources.items() if found is not None and found.name != "DEFAULT"]
    if written:
        raise SpecError(
            f"{', '.join(written)}: {source} is a cloud file, and only a model reads text",
            f"leave out {', '.join(written)}, or name a model",
        )


def split(text: str | None) -> list[str]:
    """`"a, b"` → `["a", "b"]`."""
    return [part.strip() for part in (text or "").split(",") if part.strip()]


def print_json(document: Any) -> None:
    """One JSON document on standard output."""
    sys.stdout.write(json.dumps(document, ensure_ascii=False, allow_nan=False, indent=1) + "\n")


def say(text: str, quiet: bool = False) -> None:
    """A remark, on standard error."""
    if not quiet:
        sys.stderr.write(text + "\n")


def plain_table(headings: list[str], rows: list[list[str]]) -> str:
    """Columns of text, aligned."""
    widths = [max(len(row[i]) for row in [headings, *rows]) for i in range(len(headings))]
    lines = [
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in [headings, *rows]
    ]
    return "\n".join(lines)


def number(value: float | None) -> str:
    """Six significant digits, or a dash."""
    return "–" if value is None else f"{value:.6g}"
