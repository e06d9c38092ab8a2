"""`lmgeo analyze`: statistics of a store or of any table."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from lmgeo.cli.options import Json, Offline, Quiet, begin, number, plain_table, print_json, say, split

Target = Annotated[str | None, typer.Option(help="Column to explain; of a store by default score.average.")]

Only = Annotated[str | None, typer.Option(help="Measures or globs, separated by commas.")]
By = Annotated[str | None, typer.Option(help="Column of families.")]
Controls = Annotated[str | None, typer.Option(help="Columns to control for, separated by commas.")]
Holdout = Annotated[Path | None, typer.Option(help="A second table to predict.")]
Filter = Annotated[str | None, typer.Option(help="Rows to keep, e.g. 'alpha > 0'.")]
Resampling = Annotated[int | None, typer.Option(min=0, help="Seed of the resampling.")]


def analyze(
    source: Annotated[str, typer.Argument(help="A store, or a CSV or parquet table.")],
    target: Target = None,
    measures: Only = None,
    by: By = None,
    controls: Controls = None,
    holdout: Holdout = None,
    filter: Filter = None,
    seed: Resampling = None,
    json: Json = False,
    quiet: Quiet = False,
    offline: Offline = False,
) -> None:
    """Say how strongly each measure goes with performance, with intervals and false-discovery rates.

    Example: lmgeo analyze table.csv --target glue_average --by family --filter 'alpha > 0'
    """
    begin(offline)
    from lmgeo.api import analysing

    found = analysing.analyze(
        source,
        target=target,
        measures=None if measures is None else split(measures),
        by=by,
        controls=None if controls is None else split(controls),
        holdout=holdout,
        filter=filter,
        seed=seed,
    )
    print_json(found) if json else _show(found, quiet)


def _show(found: dict[str, Any], quiet: bool) -> None:
    typer.echo(f"target {found['target']}, {found['n']} rows")
    rows = [
        [
            c["measure"],
            str(c["n"]),
            number(c["pearson"]),
            _interval(c["pearson_ci"]),
            number(c["spearman"]),
            _interval(c["spearman_ci"]),
            number(c["q"]),
        ]
        for c in found["correlations"]
    ]
    typer.echo(plain_table(["measure", "n", "Pearson", "95 %", "Spearman", "95 %", "q"], rows))
    for entry in found["dropped"]:
        say(f"dropped {entry['rows']} rows: {entry['reason']}", quiet)
    for note in found.get("notes", []):
        say(note, quiet)


def _interval(bounds: list[float] | None) -> str:
    return "–" if not bounds or bounds[0] is None else f"{bounds[0]:.3f} … {bounds[1]:.3f}"
