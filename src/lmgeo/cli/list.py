"""`lmgeo list`: what there is."""

from __future__ import annotations

from typing import Annotated

import typer

from lmgeo.cli.options import Json, Offline, Plugins, Quiet, begin, plain_table, print_json


def list_(
    what: Annotated[str, typer.Argument(help="measures, perturbations, tasks, corpora, studies or protocols.")],
    plugin: Plugins = None,
    json: Json = False,
    quiet: Quiet = False,
    offline: Offline = False,
) -> None:
    """List what there is of one kind, one line each.

    Example: lmgeo list measures
    """
    begin(offline, plugin)
    from lmgeo.api.listing import listing

    found = listing(what)
    if json:
        print_json(found)
    else:
        del quiet  # a listing is all result, no remark
        typer.echo(plain_table(["name", "description"], [[e["name"], e["description"]] for e in found]))
