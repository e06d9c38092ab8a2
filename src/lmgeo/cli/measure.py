"""`lmgeo measure`: the geometry of a model's latent space, or of a cloud in a file."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from lmgeo.cli.options import (
    Device,
    Json,
    Measures,
    Offline,
    Plugins,
    Quiet,
    Seed,
    begin,
    number,
    plain_table,
    print_json,
    say,
    split,
)
from lmgeo.cli.progress import bars


def measure(
    source: Annotated[str, typer.Argument(help="Checkpoint folder, hf:ID[@REVISION], or a cloud file.")],
    measures: Measures = "*",
    protocol: Annotated[str, typer.Option(help="Named quantizer protocol.")] = "default",
    corpus: Annotated[str, typer.Option(help="Text to sample, e.g. pydocs or text:FILE.")] = "pydocs",
    sequences: Annotated[int, typer.Option(min=1, help="Sequences to draw.")] = 1000,
    sites: Annotated[str, typer.Option(help="Sites, separated by commas, or all.")] = "final",
    tokens: Annotated[str, typer.Option(help="all, content, last or mean.")] = "all",
    seed: Seed = 0,
    device: Device = "cpu",
    plugin: Plugins = None,
    out: Annotated[Path | None, typer.Option(help="Folder for measures.json.")] = None,
    json: Json = False,
    quiet: Quiet = False,
    offline: Offline = False,
) -> None:
    """Measure the geometry of a model's latent space, or of a cloud file.

    Example: lmgeo measure checkpoints/bert-small --corpus text:notes.txt --sites embeddings,final
    """
    begin(offline, plugin)
    from lmgeo.api import measuring

    if out is not None and out.exists() and not out.is_dir():
        raise typer.BadParameter(f"--out {str(out)!r} is a file; name a folder")
    chosen = split(measures)
    with bars(quiet) as progress:
        if Path(source).suffix.lower() in measuring.CLOUD_SUFFIXES and not Path(source).is_dir():
            document = measuring.measure_file(source, chosen, seed=seed, protocol=protocol, progress=progress)
        else:
            document = measuring.measure_model(
                source,
                chosen,
                corpus=corpus,
                sequences=sequences,
                sites=split(sites),
                tokens=tokens,
                seed=seed,
                protocol=protocol,
                device=device,
                progress=progress,
            )
    if out is not None:
        measuring.write_measures(document, out)
    print_json(document) if json else _show(document, quiet)


def _show(document: dict[str, Any], quiet: bool) -> None:
    for name, found in document["objects"].items():
        typer.echo(f"{name}: {found['n']} × {found['d']}")
        rows = [
            [measure, number(m["value"]), number(m["spread"]), m["unit"], m["reason"] or m["direction"]]
            for measure, m in found["measures"].items()
        ]
        typer.echo(plain_table(["measure", "value", "spread", "unit", ""], rows) + "\n")
    for entry in document["left_out"]:
        say(f"left out: {entry['object']}: {entry['reason']}", quiet)
    for note in document.get("notes", []):
        say(note, quiet)
