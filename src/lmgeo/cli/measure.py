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
    refuse_text_options,
    say,
    split,
)
from lmgeo.cli.progress import bars


def measure(
    context: typer.Context,
    source: Annotated[str, typer.Argument(help="Checkpoint folder, hf:ID[@REVISION], or a cloud file.")],
    measures: Measures = "*",
    protocol: Annotated[str, typer.Option(help="Quantizer protocol, e.g. 'default(bits=6,seeds=1)'.")] = "default",
    corpus: Annotated[str, typer.Option(help="Text to sample, e.g. pydocs or text:FILE.")] = "pydocs",
    sequences: Annotated[int, typer.Option(min=1, help="Sequences to draw.")] = 1000,
    sampling: Annotated[str, typer.Option(help="uniform, balanced over sources, or by_length.")] = "uniform",
    sites: Annotated[str, typer.Option(help="Sites, separated by commas, or all.")] = "final",
    tokens: Annotated[str, typer.Option(help="all, content, last or mean.")] = "all",
    seed: Seed = 0,
    nulls: Annotated[bool, typer.Option("--nulls", help="Also measure references to read values against.")] = False,
    products: Annotated[str, typer.Option(help="float64, or float32: sooner, good to some 1e-6.")] = "float64",
    device: Device = "cpu",
    plugin: Plugins = None,
    out: Annotated[Path | None, typer.Option(help="Folder for measures.json and charts by depth.")] = None,
    json: Json = False,
    quiet: Quiet = False,
    offline: Offline = False,
) -> None:
    """Measure the geometry of a model's latent space, or of a cloud file.

    Example: lmgeo measure checkpoints/bert-small --corpus text:notes.txt --sites embeddings,final
    """
    begin(offline, plugin)
    from lmgeo.api import measuring
    from lmgeo.api.documents import write_measures

    if out is not None and out.exists() and not out.is_dir():
        raise typer.BadParameter(f"--out {str(out)!r} is a file; name a folder")
    shared: dict[str, Any] = {"seed": seed, "protocol": protocol, "nulls": nulls, "products": products}
    shared |= {"device": device, "measures": split(measures)}
    with bars(quiet) as progress:
        if Path(source).suffix.lower() in measuring.CLOUD_SUFFIXES and not Path(source).is_dir():
            refuse_text_options(context, source)
            found = measuring.measure_file(source, **shared, progress=progress)
        else:
            represent: dict[str, Any] = {
                "corpus": corpus,
                "sequences": sequences,
                "sampling": sampling,
                "sites": split(sites),
                "tokens": tokens,
            }
            found = measuring.measure_model(source, **represent, **shared, progress=progress)
    if out is not None:
        write_measures(found, out)
    print_json(found) if json else _show(found, quiet)


def _show(document: dict[str, Any], quiet: bool) -> None:
    for name, found in document["objects"].items():
        typer.echo(f"{name}: {found['n']} × {found['d']}")
        references = list(next(iter(found["measures"].values())).get("nulls", {}))
        rows = [
            [measure, number(m["value"]), number(m["spread"])]
            + [number(m["nulls"][reference]) for reference in references]
            + [m["unit"], m["reason"] or m["direction"]]
            for measure, m in found["measures"].items()
        ]
        typer.echo(plain_table(["measure", "value", "spread", *references, "unit", ""], rows) + "\n")
    for entry in document["left_out"]:
        say(f"left out: {entry['object']}: {entry['reason']}", quiet)
    for note in document.get("notes", []):
        say(note, quiet)
