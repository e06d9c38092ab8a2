"""`lmgeo table`: the tidy table of a store."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from lmgeo.cli.options import Json, Offline, Quiet, begin, print_json


def table(
    store: Annotated[str, typer.Argument(help="The store's folder or URL.")],
    csv: Annotated[Path | None, typer.Option(help="CSV file to write.")] = None,
    parquet: Annotated[Path | None, typer.Option(help="Parquet file to write.")] = None,
    steps: Annotated[bool, typer.Option("--steps", help="A row a checkpoint of each training run instead.")] = False,
    json: Json = False,
    quiet: Quiet = False,
    offline: Offline = False,
) -> None:
    """Lay a store out as one wide table: a row a model, a column a measure, factor or score.

    With --steps, a row for each look at a run while it trained: step, loss and geometry.

    Example: lmgeo table runs/quickstart --csv table.csv
    """
    begin(offline)
    from lmgeo.api import studies

    if csv is not None and parquet is not None:
        raise typer.BadParameter("give --csv or --parquet, not both")
    found = studies.read_store_steps(store) if steps else studies.read_store_table(store)
    target = csv or parquet
    if target is None:
        print_json(studies.table_records(found)) if json else typer.echo(found.to_csv(index=False), nl=False)
        return
    studies.write_table(found, target, "csv" if csv else "parquet")
    made = {"path": str(target), "rows": len(found)}
    if json:
        print_json(made)
    elif not quiet:
        typer.echo(f"{made['rows']} rows in {made['path']}")
