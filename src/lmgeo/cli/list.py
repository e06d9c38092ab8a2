"""`lmgeo list`: what there is."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from lmgeo.cli.options import Json, Offline, Plugins, Quiet, begin, plain_table, print_json


def list_(
    what: Annotated[
        str, typer.Argument(help="measures, comparisons, perturbations, tasks, corpora, studies or protocols.")
    ],
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
        typer.echo(_text(found))


def _text(found: list[dict[str, Any]]) -> str:
    """A line each; of measures a second one says range, what leaves them unchanged, and the source."""
    lines = plain_table(["name", "description"], [[e["name"], e["description"]] for e in found]).split("\n")
    if not found or "keeps" not in found[0]:
        return "\n".join(lines)
    margin = " " * lines[0].index("description")
    described = [f"{line}\n{margin}{_declared(e)}" for line, e in zip(lines[1:], found, strict=True)]
    return "\n".join([lines[0], *described])


def _declared(entry: dict[str, Any]) -> str:
    from lmgeo.api.measures_page import range_text

    unit = "" if entry["unit"] == "1" else f" {entry['unit']}"
    kept = ", ".join(entry["keeps"]) or "nothing"
    parts = [f"{range_text(entry['range'])}{unit}", f"unchanged by {kept}", entry["source"], entry["origin"]]
    return " · ".join(part for part in parts if part)
