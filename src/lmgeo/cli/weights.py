"""`lmgeo weights`: the geometry of weight matrices."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from lmgeo.cli.options import (
    Json,
    Measures,
    Offline,
    Plugins,
    Quiet,
    begin,
    number,
    plain_table,
    print_json,
    say,
    split,
)
from lmgeo.cli.progress import bars

_FAILED_PARTS = 1
_SHOWN = 3  # names of what is left out for one reason


def weights(
    model: Annotated[str, typer.Argument(help="Checkpoint folder or hf:ID[@REVISION].")],
    matrices: Annotated[
        str, typer.Option(help="unembedding, embedding, all, or names and globs, separated by commas.")
    ] = "unembedding",
    measures: Measures = "*",
    centre: Annotated[bool, typer.Option("--centre", help="Spectra of the rows less their mean.")] = False,
    plugin: Plugins = None,
    out: Annotated[
        Path | None,
        typer.Option(help="Folder for weights.json and the spectra; with these, more measures read no weights."),
    ] = None,
    json: Json = False,
    quiet: Quiet = False,
    offline: Offline = False,
) -> None:
    """Measure the geometry of weight matrices as they are stored; no model is built, no text is read.

    A matrix that cannot be measured is listed with the reason. One that holds NaN or infinity is bad input
    (exit 2) where it was asked for by its own name, and else a failed part (exit 1).

    Example: lmgeo weights checkpoints/bert-small --matrices all --measures 'effective_rank*,alpha*'
    """
    begin(offline, plugin)
    from lmgeo.api import weighing

    if out is not None and out.exists() and not out.is_dir():
        raise typer.BadParameter(f"--out {str(out)!r} is a file; name a folder")
    with bars(quiet) as progress:
        found = weighing.weights(model, split(matrices), split(measures), centre=centre, out=out, progress=progress)
    print_json(found) if json else _show(found, quiet)
    if found["failed"]:
        raise typer.Exit(_FAILED_PARTS)


def _show(document: dict[str, Any], quiet: bool) -> None:
    for name, found in document["objects"].items():
        typer.echo(f"{name}: {found['n']} × {found['d']}, {_words(name, found)}")
        rows = [
            [measure, number(m["value"]), m["unit"], m["reason"] or m["direction"]]
            for measure, m in found["measures"].items()
        ]
        typer.echo(plain_table(["measure", "value", "unit", ""], rows) + "\n")
    for reason, names in _by_reason(document["left_out"]).items():
        more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
        say(f"left out: {', '.join(names[:_SHOWN])}{more}: {reason}", quiet)
    for note in document["notes"]:
        say(note, quiet)


def _by_reason(left_out: list[dict[str, str]]) -> dict[str, list[str]]:
    """The objects of each reason: a model has hundreds of biases and gains."""
    found: dict[str, list[str]] = {}
    for entry in left_out:
        found.setdefault(entry["reason"], []).append(entry["object"])
    return found


def _words(name: str, found: dict[str, Any]) -> str:
    words = [found["stored"], *([found["parameter"]] if found["parameter"] != name else [])]
    return ", ".join([*words, *(["tied: embedding and unembedding are one"] if found.get("tied") else [])])
