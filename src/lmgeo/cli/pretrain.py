"""`lmgeo pretrain`: train one model."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from lmgeo.cli.options import Json, Offline, Quiet, begin, print_json
from lmgeo.cli.progress import bars


def pretrain(
    spec: Annotated[Path, typer.Argument(help="YAML file of training settings.")],
    out: Annotated[Path, typer.Option(help="Checkpoint folder to make; a killed run continues.")],
    json: Json = False,
    quiet: Quiet = False,
    offline: Offline = False,
) -> None:
    """Train one small masked language model; the result is an ordinary checkpoint folder.

    Example: lmgeo pretrain tiny.yaml --out checkpoints/tiny
    """
    begin(offline)
    from lmgeo.api import models

    with bars(quiet) as progress:
        made = models.pretrain(spec, out, progress)
    print_json(made) if json else typer.echo(f"{made['path']} (key {made['key']})")
