"""`lmgeo perturb`: write a perturbed copy of a model."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from lmgeo.cli.options import Json, Offline, Quiet, begin, print_json


def perturb(
    model: Annotated[str, typer.Argument(help="Checkpoint folder or hf:ID[@REVISION].")],
    kind: Annotated[str, typer.Argument(help="Perturbation, e.g. noise.")],
    settings: Annotated[list[str] | None, typer.Argument(help="key=value …, e.g. alpha=20 seed=1.")] = None,
    out: Annotated[Path, typer.Option(help="New folder for the copy.")] = ...,  # type: ignore[assignment]
    json: Json = False,
    quiet: Quiet = False,
    offline: Offline = False,
) -> None:
    """Write a perturbed copy of a model as an ordinary checkpoint.

    Example: lmgeo perturb checkpoints/bert-small noise alpha=20 seed=1 --out noisy
    """
    begin(offline)
    from lmgeo.api import models

    made = models.perturb(model, kind, models.perturbation_settings(kind, settings or []), out)
    if json:
        print_json(made)
    elif not quiet:
        typer.echo(f"{made['path']} (key {made['key']})")
