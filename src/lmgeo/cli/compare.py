"""`lmgeo compare`: two models, two layers or two clouds set against each other."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from lmgeo.cli.options import (
    Device,
    Json,
    Offline,
    Plugins,
    Quiet,
    Seed,
    begin,
    number,
    plain_table,
    print_json,
    refuse_text_options,
    say,
)
from lmgeo.cli.options import split as split_list
from lmgeo.cli.progress import bars


def compare(
    context: typer.Context,
    a: Annotated[str, typer.Argument(help="MODEL[:SITE], or a cloud file, FILE[:ARRAY].")],
    b: Annotated[str, typer.Argument(help="The same; or untrained, or untrained(seed=3): A's untrained twin.")],
    measures: Annotated[str, typer.Option(help="Names or globs, separated by commas, e.g. 'cka,procrustes'.")] = "*",
    corpus: Annotated[str, typer.Option(help="Text to sample, e.g. pydocs or text:FILE.")] = "pydocs",
    sequences: Annotated[int, typer.Option(min=1, help="Sequences to draw.")] = 1000,
    tokens: Annotated[str, typer.Option(help="all, content, last or mean.")] = "all",
    seed: Seed = 0,
    device: Device = "cpu",
    plugin: Plugins = None,
    out: Annotated[Path | None, typer.Option(help="Folder for comparison.json.")] = None,
    json: Json = False,
    quiet: Quiet = False,
    offline: Offline = False,
) -> None:
    """Say how alike two models, two layers of one, or two cloud files are.

    Example: lmgeo compare checkpoints/tiny:block.0 checkpoints/tiny:final --measures cka,procrustes
    """
    begin(offline, plugin)
    from lmgeo.api import comparing, sides

    if out is not None and out.exists() and not out.is_dir():
        raise typer.BadParameter(f"--out {str(out)!r} is a file; name a folder")
    if sides.read_sides(a, b)[0].is_file:
        refuse_text_options(context, a)
    with bars(quiet) as progress:
        found = comparing.compare(
            a,
            b,
            split_list(measures),
            corpus=corpus,
            sequences=sequences,
            tokens=tokens,
            seed=seed,
            device=device,
            progress=progress,
        )
    if out is not None:
        comparing.write_comparison(found, out)
    print_json(found) if json else _show(found, quiet)


def _show(document: dict[str, Any], quiet: bool) -> None:
    typer.echo(f"a: {document['a']}\nb: {document['b']}\n{document['n']} rows of each")
    rows = [
        [name, number(m["value"]), number(m["spread"]), m["unit"], m["reason"] or m["direction"]]
        for name, m in document["measures"].items()
    ]
    typer.echo(plain_table(["measure", "value", "spread", "unit", ""], rows))
    for note in document.get("notes", []):
        say(note, quiet)
