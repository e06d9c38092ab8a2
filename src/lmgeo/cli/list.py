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
    """A line each; of measures it also says range, what leaves them unchanged, and the source."""
    if not found or "keeps" not in found[0]:
        return plain_table(["name", "description"], [[e["name"], e["description"]] for e in found])
    rows = [[e["name"], _range(e), ", ".join(e["keeps"]) or "nothing", _described(e)] for e in found]
    return plain_table(["name", "range", "unchanged by", "description · source"], rows)


def _range(entry: dict[str, Any]) -> str:
    from lmgeo.api.measures_page import range_text

    return range_text(entry["range"]) + ("" if entry["unit"] == "1" else f" {entry['unit']}")


def _described(entry: dict[str, Any]) -> str:
    return " · ".join(part for part in (entry["description"], entry["source"], entry["origin"]) if part)
