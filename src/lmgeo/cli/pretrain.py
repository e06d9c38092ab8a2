"""`lmgeo pretrain`: train one model."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from lmgeo.cli.options import Json, Offline, Quiet, begin, print_json
from lmgeo.cli.progress import bars
from lmgeo.core.environment import leads


def pretrain(
    spec: Annotated[Path, typer.Argument(help="YAML file of training settings.")],
    out: Annotated[Path, typer.Option(help="Checkpoint folder to make; a killed run continues.")],
    json: Json = False,
    quiet: Quiet = False,
    offline: Offline = False,
) -> None:
    """Train one language model, masked or causal; the result is an ordinary checkpoint folder.

    Where the settings ask for checkpoints (log_checkpoints, even_checkpoints), geometry and held-out loss are taken at
    each, straight from the training process, and stand under `looks` in the folder's training.json; keep_checkpoints
    leaves the models too, as folders step-N that `lmgeo verify` reads.

    Under `torchrun --nproc-per-node N -m lmgeo pretrain …` N processes share each batch, and the first one speaks.

    Example: lmgeo pretrain tiny.yaml --out checkpoints/tiny
    """
    begin(offline)
    from lmgeo.api import models

    with bars(quiet or not leads()) as progress:
        made = models.pretrain(spec, out, progress)
    if leads():
        print_json(made) if json else typer.echo(f"{made['path']} (key {made['key']})")
