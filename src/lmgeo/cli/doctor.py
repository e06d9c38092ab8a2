"""`lmgeo doctor`: what this machine offers, and what is known to clash."""

from __future__ import annotations

import typer

from lmgeo.cli.options import Json, Offline, Quiet, begin, plain_table, print_json


def doctor(json: Json = False, quiet: Quiet = False, offline: Offline = False) -> None:
    """Show versions, threads, devices and the offline state, and check for known clashes.

    Example: lmgeo doctor
    """
    begin(offline)
    from lmgeo.api.doctor import examine

    found = examine()
    if json:
        print_json(found)
    else:
        del quiet  # all of it is result
        typer.echo(plain_table(["", ""], [[name, str(value)] for name, value in found.items() if name != "faults"]))
        for fault in found["faults"]:
            typer.echo(f"fault: {fault}")
    raise typer.Exit(1 if found["faults"] else 0)
