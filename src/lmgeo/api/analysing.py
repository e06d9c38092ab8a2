"""Statistics and the page, from a store or from any wide table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lmgeo.core.errors import SpecError
from lmgeo.core.files import write_bytes, write_text
from lmgeo.core.spec.blocks import AnalyzeSpec
from lmgeo.store.store import Store

if TYPE_CHECKING:
    import pandas as pd

    from lmgeo.report.context import ReportContext

    Table = str | Path | pd.DataFrame

TABLE_SUFFIXES = (".csv", ".parquet", ".pq")


def analyze(
    table: Table,
    *,
    target: str | None = None,
    measures: Sequence[str] | None = None,
    by: str | None = None,
    controls: Sequence[str] | None = None,
    holdout: Table | None = None,
    filter: str | None = None,
    seed: int | None = None,
) -> dict[str, Any]:
    """Say how each measure goes with the target: correlations, partial ones, regressions, hold-out predictions.

    Args:
        table: a store, a CSV or parquet file, or a data frame.
        target: column to explain; None: what the study asks for, `score.average` by default.
        measures: globs; None: the columns recorded as measures, or a plain table's numeric ones.
        by: column of families.
        controls: columns to control for.
        holdout: a second table to predict.
        filter: rows to keep, e.g. `"alpha > 0"`.
        seed: of the resampling.

    Returns:
        The document that `lmgeo analyze --json` prints. Intervals are 95 %.

    Raises:
        UnknownName, SpecError, NotEnoughData: a column, expression or table that cannot be used.
    """
    asked = {"target": target, "measures": measures, "by": by, "controls": controls, "filter": filter, "seed": seed}
    return _analysed(table, asked, holdout)[1]


def _analysed(
    table: Table, asked: Mapping[str, Any], holdout: Table | None = None
) -> tuple[pd.DataFrame, dict[str, Any], pd.DataFrame | None]:
    """The rows that a filter keeps, what the analysis says of them, and the checkpoints of a store's runs."""
    from lmgeo.analysis.analyze import analyze as run
    from lmgeo.analysis.filter import keep
    from lmgeo.analysis.filter_syntax import parse_filter
    from lmgeo.analysis.trajectories import of_kept_runs, with_trajectories

    frame, known, of_study = _open(table)
    spec = _spec(of_study, {k: v for k, v in asked.items() if v is not None}, list(frame.columns))
    found = run(frame, spec, known, holdout=None if holdout is None else _open(holdout)[0])
    steps = _steps(table)
    if steps is not None:
        steps = of_kept_runs(steps, spec.filter)
        found = with_trajectories(found, steps)
    kept = frame.loc[keep(frame, parse_filter(spec.filter), skip_unknown=True)] if spec.filter else frame
    return kept, found, steps


def _steps(table: Table) -> pd.DataFrame | None:
    """The checkpoints of a store's runs; None for anything else, and where no run was looked at."""
    from lmgeo.store.trajectories import trajectory_table

    if not _is_store(table):
        return None
    found = trajectory_table(Store(str(table)))
    return None if found.empty else found


def _is_store(table: Table) -> bool:
    return isinstance(table, (str, Path)) and Path(table).suffix.lower() not in TABLE_SUFFIXES


def report(
    table: Table,
    *more: Table,
    target: str | None = None,
    measures: Sequence[str] | None = None,
    by: str | None = None,
    controls: Sequence[str] | None = None,
    holdout: Table | None = None,
    filter: str | None = None,
    seed: int | None = None,
    out: str | Path = "report.html",
    charts: str | Path | None = None,
    formats: Sequence[str] = ("png",),
) -> dict[str, Any]:
    """Write one self-contained HTML page about a store or a table, and its charts as pictures where asked.

    Args:
        table: a store, a CSV or parquet file, or a data frame.
        more: further ones, each a chapter of its own, set beside the first in a last chapter.
        target, measures, by, controls, holdout, filter, seed: as in `analyze`, for every table.
        out: the HTML file.
        charts: a folder for a picture of each chart; None: none.
        formats: of the pictures: `png`, `svg`, `pdf`.

    Returns:
        `{"path", "rows"}`: rows of all tables; with `charts` also the pictures' paths.

    Raises:
        UnknownName: a picture format that is none.
        as `analyze`.
    """
    from lmgeo.report.chapter import chapter
    from lmgeo.report.page import assemble
    from lmgeo.report.pictures import check_formats, pictures

    path, folder = _places(out, charts)
    check_formats(formats)
    asked = {"target": target, "measures": measures, "by": by, "controls": controls, "filter": filter, "seed": seed}
    parts = [(*_analysed(part, asked, holdout), _context(part, asked)) for part in (table, *more)]
    chapters = [
        chapter(number, frame, facts, replace(context, steps=steps))
        for number, (frame, facts, steps, context) in enumerate(parts)
    ]
    page, drawn = assemble(chapters), pictures(chapters, formats) if folder else {}
    write_text(path, page)
    made: dict[str, Any] = {"path": str(path), "rows": sum(len(frame) for frame, *_ in parts)}
    if folder is None:
        return made
    for name, content in drawn.items():
        write_bytes(folder / name, content)
    return {**made, "charts": [str(folder / name) for name in drawn]}


def _places(out: str | Path, charts: str | Path | None) -> tuple[Path, Path | None]:
    """Where the page and the pictures go."""
    path, folder = Path(out), None if charts is None else Path(charts)
    if path.is_dir():
        raise SpecError(f"--out {str(out)!r} is a folder", "name the HTML file")
    if folder is not None and folder.exists() and not folder.is_dir():
        raise SpecError(f"--charts {str(charts)!r} is a file", "name a folder")
    return path, folder


def _open(table: Table) -> tuple[pd.DataFrame, list[str] | None, dict[str, Any]]:
    """The table, its measure columns where a store recorded them, and the analysis its study asks for."""
    if not isinstance(table, (str, Path)):
        return table, table.attrs.get("measures"), {}
    if Path(table).suffix.lower() in TABLE_SUFFIXES:
        from lmgeo.analysis.table import read_table

        return read_table(Path(table)), None, {}
    from lmgeo.api.studies import read_store_table

    frame = read_store_table(table)
    plan = next(iter(Store(str(table)).documents("plans")))
    return frame, frame.attrs["measures"], plan["analyze"]


def _spec(asked: dict[str, Any], changes: dict[str, Any], columns: list[str]) -> AnalyzeSpec:
    from lmgeo.core.spec.base import validate
    from lmgeo.core.spec.document import Document

    if "measures" in changes and not changes["measures"]:
        raise SpecError("no measure is named", "name some, or leave --measures out")
    merged = {**asked, **{k: list(v) if isinstance(v, (list, tuple)) else v for k, v in changes.items()}}
    if "target" not in merged and AnalyzeSpec().target not in columns:
        raise SpecError("no --target for a table without score.average", "name the column to explain")
    return validate(AnalyzeSpec, merged, Document("the settings of analyze", merged))


def _context(table: Table, asked: Mapping[str, Any]) -> ReportContext:
    """What the page says beside the statistics; a plain table has nothing but its name."""
    from lmgeo.api.reporting import store_context, table_context

    if _is_store(table):
        return store_context(str(table), asked)
    return table_context(str(table) if isinstance(table, (str, Path)) else "a table", asked)
