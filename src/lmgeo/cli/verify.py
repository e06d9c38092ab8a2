"""`lmgeo verify`: an audit of checkpoints along training."""

from __future__ import annotations

import math
from typing import Annotated, Any

import typer

from lmgeo.cli.options import Json, Offline, Quiet, begin, plain_table, print_json, say
from lmgeo.cli.progress import bars

_FAULTS = 1


def verify(
    suite: Annotated[str, typer.Argument(help="Folder of steps or of runs, or hf:ID with a revision a step.")],
    steps: Annotated[
        str | None, typer.Option(help="Steps that should be there, e.g. 0,1,2,4,1000-143000:1000.")
    ] = None,
    budget: Annotated[float, typer.Option(min=0, help="GB on disk that one downloaded step may take.")] = 20.0,
    json: Json = False,
    quiet: Quiet = False,
    offline: Offline = False,
) -> None:
    """Audit a suite of checkpoints: copies, gaps, steps out of place, a trained step 0, NaN, unlike models.

    Ends with 1 if it finds a fault. Revisions of the hub are downloaded one at a time and deleted.

    Example: lmgeo verify runs/my-suite --json
    """
    begin(offline)
    from lmgeo.api import verifying

    expected = None if steps is None else verifying.parse_steps(steps)
    with bars(quiet) as progress:
        found = verifying.verify(suite, steps=expected, budget=_bytes(budget), progress=progress)
    print_json(found) if json else _show(found, quiet)
    if not found["ok"]:
        raise typer.Exit(_FAULTS)


def _bytes(gigabytes: float) -> int:
    if not math.isfinite(gigabytes):
        raise typer.BadParameter(f"--budget {gigabytes} is no size: give GB, e.g. 20")
    return int(gigabytes * 1e9)


def _show(found: dict[str, Any], quiet: bool) -> None:
    count = sum(found["runs"].values())
    runs = f"{count} steps of {len(found['runs'])} run{'' if len(found['runs']) == 1 else 's'}"
    if found["ok"]:
        typer.echo(f"{found['suite']}: {runs}, no fault found")
    else:
        rows = [[fault["kind"], fault["where"], fault["detail"]] for fault in found["faults"]]
        typer.echo(plain_table(["fault", "where", "detail"], rows))
        typer.echo(f"\n{found['suite']}: {runs}, {len(rows)} fault{'' if len(rows) == 1 else 's'}")
    for note in found["notes"]:
        say(note, quiet)
