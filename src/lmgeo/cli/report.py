"""`lmgeo report`: one self-contained page."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from lmgeo.cli.analyze import Target
from lmgeo.cli.options import Json, Offline, Quiet, begin, print_json


def report(
    source: Annotated[str, typer.Argument(help="A store, or a CSV or parquet table.")],
    more: Annotated[list[str] | None, typer.Argument(help="Further ones, each a chapter below.")] = None,
    *,
    out: Annotated[Path, typer.Option(help="The HTML file to write.")],
    target: Target = None,
    json: Json = False,
    quiet: Quiet = False,
    offline: Offline = False,
) -> None:
    """Write one self-contained HTML page: what ran, what goes with what, and how sure that is.

    Example: lmgeo report runs/quickstart --out report.html
    """
    begin(offline)
    from lmgeo.api import analysing

    made = analysing.report(source, *(more or []), target=target, out=out)
    if json:
        print_json(made)
    elif not quiet:
        typer.echo(f"{made['path']}: {made['rows']} rows")
