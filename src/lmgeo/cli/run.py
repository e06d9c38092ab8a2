"""`lmgeo run`: run or resume a study."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from lmgeo.cli.options import Device, Json, Offline, Plugins, Quiet, begin, plain_table, print_json, say
from lmgeo.cli.progress import bars


def run(
    study: Annotated[str, typer.Argument(help="YAML file, or the name of a ready study.")],
    store: Annotated[str | None, typer.Option(help="Folder or URL; default runs/<study name>.")] = None,
    workers: Annotated[int | None, typer.Option(min=1, help="Processes; default: as many as the cores feed.")] = None,
    scheduler: Annotated[str | None, typer.Option(help="A Dask scheduler's address.")] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Print the plan, its cost and what it could detect.")
    ] = False,
    settings: Annotated[list[str] | None, typer.Option("--set", help="Override, e.g. represent.sequences=200.")] = None,
    device: Device = "cpu",
    plugin: Plugins = None,
    json: Json = False,
    quiet: Quiet = False,
    offline: Offline = False,
) -> None:
    """Run a study, or what is missing of it; issuing it again resumes it.

    Example: lmgeo run quickstart --store runs/quickstart
    """
    begin(offline)
    if workers is not None and scheduler is not None:
        raise typer.BadParameter("give --workers or --scheduler, not both")
    from lmgeo.api import studies

    if dry_run:
        plan = studies.dry_run(study, store, settings or [], workers, plugin or [])
        print_json(plan) if json else _show_plan(plan, quiet)
        return
    with bars(quiet) as progress:
        kept = studies.run_study(
            study,
            store,
            settings=settings or [],
            workers=workers,
            scheduler=scheduler,
            device=device,
            plugins=plugin or [],
            progress=progress,
        )
    for note in kept.notes:
        say(note, quiet)
    status = kept.status()
    print_json(status) if json else _show(kept.url, kept.outcomes, status, quiet)
    raise typer.Exit(1 if status["failed"] else 0)


def _show(url: str, outcomes: list[dict[str, Any]], status: dict[str, Any], quiet: bool) -> None:
    counts = f"{status['done']} of {status['total']} cells done"
    if not outcomes:
        typer.echo(f"nothing to do: {counts} in {url}")
        return
    typer.echo(f"{counts} in {url}; {status['failed']} failed, {status['running']} running elsewhere")
    for kind in dict.fromkeys(o["kind"] for o in outcomes):
        seconds = [o["seconds"] for o in outcomes if o["kind"] == kind]
        say(f"  {kind}: {len(seconds)} cells, {sum(seconds):.0f} s of work", quiet)
    show_failures(status, quiet)


def show_failures(status: dict[str, Any], quiet: bool) -> None:
    """Each failed cell with its error and the mend, on standard error."""
    for failure in status["failures"]:
        say(f"failed: {failure['cell']}: {failure['error']}\n  → {failure['mend']}", quiet)


def _show_plan(plan: dict[str, Any], quiet: bool) -> None:
    rows = [[p["phase"], str(p["cells"]), str(p["missing"]), _clock(p["seconds"])] for p in plan["phases"]]
    typer.echo(
        f"{plan['study']}: {plan['models']} models, {plan['cells']} cells, {plan['missing']} to do in {plan['store']}"
    )
    typer.echo(plain_table(["phase", "cells", "to do", "about"], rows))
    typer.echo(
        f"about {_clock(plan['seconds'])} on {plan['workers']} × {plan['threads']} threads, "
        f"{plan['megabytes']:.0f} MB on disk ({plan['basis']})"
    )
    typer.echo(_could_detect(plan["power"]))
    for note in plan["notes"]:
        say(note, quiet)


def _could_detect(power: dict[str, Any]) -> str:
    """What so many models could show, in a sentence or two."""
    controls = f" with {_several(power['controls'], 'control')}" if power["controls"] else ""
    of = "" if power["counted"] == "model" else f" (of {_several(power['models'], 'model')})"
    models = f"{_several(power['n'], power['counted'])}{of}{controls}"
    needed = [e for e in power["needed"] if e["true"] in (0.3, 0.5) and e["n_80"]]
    others = " and ".join(f"{e['true']} needs {e['n_80']}" for e in needed)
    if power["detectable_80"] is None:
        return f"{models}: too few to show any relation with 80 % power; a correlation of {others}"
    kind = "partial correlation" if power["controls"] else "correlation"
    return f"{models} show a {kind} of {power['detectable_80']:.2f} or more with 80 % power; one of {others}"


def _several(count: int, noun: str) -> str:
    return f"{count} {noun}{'' if count == 1 else 's'}"


def _clock(seconds: float) -> str:
    minutes = seconds / 60
    return f"{seconds:.0f} s" if minutes < 2 else f"{minutes:.0f} min" if minutes < 120 else f"{minutes / 60:.1f} h"
