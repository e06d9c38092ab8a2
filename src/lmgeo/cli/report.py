"""`lmgeo report`: one self-contained page, and its charts as pictures."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from lmgeo.cli.analyze import By, Controls, Filter, Holdout, Only, Resampling, Target
from lmgeo.cli.options import Json, Offline, Quiet, begin, print_json, split


def report(
    source: Annotated[str, typer.Argument(help="A store, or a CSV or parquet table.")],
    more: Annotated[list[str] | None, typer.Argument(help="Further ones, each a chapter, beside the first.")] = None,
    *,
    out: Annotated[Path, typer.Option(help="The HTML file to write.")],
    target: Target = None,
    measures: Only = None,
    by: By = None,
    controls: Controls = None,
    holdout: Holdout = None,
    filter: Filter = None,
    seed: Resampling = None,
    charts: Annotated[Path | None, typer.Option(help="A folder for a picture of each chart.")] = None,
    format: Annotated[str, typer.Option(help="Kinds of picture: png, svg, pdf, separated by commas.")] = "png",
    json: Json = False,
    quiet: Quiet = False,
    offline: Offline = False,
) -> None:
    """Write one self-contained HTML page: what ran, what goes with what, and how sure that is.

    Example: lmgeo report runs/quickstart --out report.html --charts figures --format png,svg
    """
    begin(offline)
    from lmgeo.api import analysing

    made = analysing.report(
        source,
        *(more or []),
        target=target,
        measures=None if measures is None else split(measures),
        by=by,
        controls=None if controls is None else split(controls),
        holdout=holdout,
        filter=filter,
        seed=seed,
        out=out,
        charts=charts,
        formats=split(format),
    )
    if json:
        print_json(made)
    elif not quiet:
        typer.echo(f"{made['path']}: {made['rows']} rows" + (f", {len(made['charts'])} pictures" if charts else ""))
