"""Statistics and the page, from a store or from any wide table."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lmgeo.core.errors import SpecError
from lmgeo.core.files import write_text
from lmgeo.core.spec.blocks import AnalyzeSpec
from lmgeo.store.store import Store

if TYPE_CHECKING:
    import pandas as pd

    from lmgeo.report.context import ReportContext

TABLE_SUFFIXES = (".csv", ".parquet", ".pq")


def analyze(
    table: str | Path | pd.DataFrame,
    *,
    target: str | None = None,
    measures: Sequence[str] | None = None,
    by: str | None = None,
    controls: Sequence[str] | None = None,
    holdout: str | Path | pd.DataFrame | None = None,
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
    from lmgeo.analysis.analyze import analyze as run

    frame, known, asked = _open(table)
    changes = {"target": target, "measures": measures, "by": by, "controls": controls, "filter": filter, "seed": seed}
    spec = _spec(asked, {k: v for k, v in changes.items() if v is not None}, list(frame.columns))
    other = None if holdout is None else _open(holdout)[0]
    return run(frame, spec, known, holdout=other)


def report(
    table: str | Path | pd.DataFrame,
    *more: str | Path | pd.DataFrame,
    target: str | None = None,
    out: str | Path = "report.html",
) -> dict[str, Any]:
    """Write one self-contained HTML page about a store or a table.

    Args:
        table: a store, a CSV or parquet file, or a data frame.
        more: further ones, each a chapter of its own below the first.
        target: column to explain, as in `analyze`.
        out: the HTML file.

    Returns:
        `{"path", "rows"}`: rows of all tables.

    Raises:
        as `analyze`.
    """
    from lmgeo.report.page import render

    path = Path(out)
    if path.is_dir():
        raise SpecError(f"--out {str(out)!r} is a folder", "name the HTML file")
    first, *others = [_part(part, target) for part in (table, *more)]
    write_text(path, render(*first, more=others))
    return {"path": str(path), "rows": sum(len(frame) for frame, _, _ in (first, *others))}


def _part(table: str | Path | pd.DataFrame, target: str | None) -> tuple[pd.DataFrame, dict[str, Any], ReportContext]:
    return _open(table)[0], analyze(table, target=target), _context(table)


def _open(table: str | Path | pd.DataFrame) -> tuple[pd.DataFrame, list[str] | None, dict[str, Any]]:
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

    merged = {**asked, **{k: list(v) if isinstance(v, (list, tuple)) else v for k, v in changes.items()}}
    if "target" not in merged and AnalyzeSpec().target not in columns:
        raise SpecError("no --target for a table without score.average", "name the column to explain")
    return validate(AnalyzeSpec, merged, Document("the settings of analyze", merged))


def _context(table: str | Path | pd.DataFrame) -> ReportContext:
    """What the page says beside the statistics; a plain table has nothing but its name."""
    from lmgeo.api.reporting import store_context, table_context

    if isinstance(table, (str, Path)) and Path(table).suffix.lower() not in TABLE_SUFFIXES:
        return store_context(str(table))
    return table_context(str(table) if isinstance(table, (str, Path)) else "a table")
