"""`lmgeo evaluate`: fine-tune and score."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from lmgeo.cli.options import Device, Json, Offline, Quiet, Seed, begin, number, plain_table, print_json, say, split
from lmgeo.cli.progress import bars


def evaluate(
    model: Annotated[str, typer.Argument(help="Checkpoint folder or hf:ID[@REVISION].")],
    tasks: Annotated[str, typer.Option(help="Tasks, separated by commas; lm-eval:NAME is the harness's.")],
    data: Annotated[str | None, typer.Option(help="Folder in GLUE's layout, or hf:.")] = None,
    seed: Seed = 0,
    train_examples: Annotated[int | None, typer.Option(min=1, help="Size of a stratified training subset.")] = None,
    settings: Annotated[list[str] | None, typer.Option("--set", help="key=value, e.g. epochs=2.")] = None,
    device: Device = "cpu",
    json: Json = False,
    quiet: Quiet = False,
    offline: Offline = False,
) -> None:
    """Fine-tune a model on tasks and score it on their development sets.

    Example: lmgeo evaluate checkpoints/bert-small --tasks rte,mrpc --data glue --set epochs=2
    """
    begin(offline)
    from lmgeo.api import models

    chosen = models.finetune_settings(settings or [])
    with bars(quiet) as progress:
        document = models.evaluate(
            model,
            split(tasks),
            data=data,
            seed=seed,
            train_examples=train_examples,
            settings=chosen,
            device=device,
            progress=progress,
        )
    print_json(document) if json else _show(document, quiet)


def _show(document: dict[str, Any], quiet: bool) -> None:
    rows = [
        [
            name,
            number(s["score"]),
            " … ".join(map(number, s["interval"] or [None])),
            number(s["chance"]),
            str(s["n_train"]),
            str(s["n_eval"]),
        ]
        for name, s in document["tasks"].items()
    ]
    typer.echo(plain_table(["task", "score", "95 % interval", "chance", "trained on", "scored on"], rows))
    typer.echo(f"average {number(document['average'])}")
    for name, scored in document["tasks"].items():
        for note in scored["details"].get("notes", []):
            say(f"{name}: {note}", quiet)
