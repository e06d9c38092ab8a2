"""`lmgeo status`: what is done, running, missing, failed, and why."""

from __future__ import annotations

from typing import Annotated

import typer

from lmgeo.cli.options import Json, Offline, Quiet, begin, print_json
from lmgeo.cli.run import show_failures


def status(
    store: Annotated[str, typer.Argument(help="The store's folder or URL.")],
    json: Json = False,
    quiet: Quiet = False,
    offline: Offline = False,
) -> None:
    """Count a study's cells: done, running, failed, missing.

    Example: lmgeo status runs/quickstart
    """
    begin(offline)
    from lmgeo.api import studies

    found = studies.status(store)
    if json:
        print_json(found)
    else:
        typer.echo(", ".join(f"{found[name]} {name}" for name in ("total", "done", "running", "failed", "missing")))
        show_failures(found, quiet)
