"""Tables from files: every cell accounted for, nothing guessed in silence.

Cells are read as text first and turned into numbers column by column, so that a model
called `NA` stays a name, `007` in a name column keeps its zeros, and one stray word in a
number column is found instead of turning the whole column into text unseen.
"""

from __future__ import annotations

import csv
import warnings
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lmgeo.core.errors import NotEnoughData, SpecError

if TYPE_CHECKING:
    import pandas as pd

MISSING = frozenset({"", "nan", "na", "n/a", "#n/a", "null", "none", "<na>"})
NAME_COLUMNS = (
    "model",
    "base",
    "family",
    "kind",
    "rule",
    "protocol",
    "corpus",
)  # text even where they look like numbers


def read_table(path: Path) -> pd.DataFrame:
    """Read a CSV or parquet table.

    Args:
        path: a file that ends in `.csv` or `.parquet` (`.pq`); any other ending is read as CSV.

    Returns:
        One row a model. Columns are numeric where every cell that is not empty is a number;
        `attrs["notes"]` says what was left out.

    Raises:
        SpecError: a missing or unreadable file, duplicate columns, rows of unlike length.
        NotEnoughData: a table without rows.
    """
    path = Path(path)
    if not path.is_file():
        raise SpecError(f"there is no table {str(path)!r}", "give the path of a CSV or parquet file")
    table = _read_parquet(path) if path.suffix.lower() in (".parquet", ".pq") else _read_csv(path)
    if table.empty:
        raise NotEnoughData(f"the table {str(path)!r} has no rows", "give a table with one row a model")
    return table


def check_columns(names: Iterable[object], where: str) -> None:
    """Refuse a table in which two columns have one name.

    Raises:
        SpecError: naming the columns that stand twice.
    """
    twice = [str(name) for name, count in Counter(names).items() if count > 1]
    if twice:
        raise SpecError(f"{where} has several columns called {', '.join(map(repr, twice))}", "rename or remove them")


def _read_csv(path: Path) -> pd.DataFrame:
    import pandas as pd

    header = _header(path)
    check_columns([name for name in header if name], f"the table {str(path)!r}")
    _check_rows(path, len(header))
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", pd.errors.ParserWarning)  # rows longer than the header, else cut unseen
            raw = pd.read_csv(
                path, header=0, names=_unique(header), dtype=str, na_filter=False, index_col=False, encoding="utf-8-sig"
            )
    except (pd.errors.ParserError, pd.errors.ParserWarning, UnicodeDecodeError, ValueError) as error:
        raise SpecError(
            f"cannot read {str(path)!r}: {_one_line(error)}", "give a comma-separated table in UTF-8"
        ) from error
    named = [name for name in raw.columns if not name.startswith(_UNNAMED)]
    table = pd.DataFrame({name: _typed(name, raw[name]) for name in named}, columns=named, index=raw.index)
    if len(named) < len(raw.columns):
        table.attrs["notes"] = [f"{len(raw.columns) - len(named)} column(s) without a name are left out"]
    return table


def _check_rows(path: Path, width: int) -> None:
    """A row cut short would be filled with missing values unseen."""
    with path.open(encoding="utf-8-sig", newline="", errors="replace") as file:
        rows = csv.reader(file)
        for row in rows:
            if row and len(row) < width:
                raise SpecError(
                    f"{path}:{rows.line_num}: {len(row)} fields where the header has {width}",
                    "complete or remove the row",
                )


_UNNAMED = "\0unnamed"  # no CSV header holds a NUL


def _unique(header: list[str]) -> list[str]:
    return [name or f"{_UNNAMED}{i}" for i, name in enumerate(header)]


def _header(path: Path) -> list[str]:
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            header = [name.strip() for name in next(csv.reader(file), [])]
    except (UnicodeDecodeError, csv.Error, OSError) as error:
        raise SpecError(
            f"cannot read {str(path)!r}: {_one_line(error)}", "give a comma-separated table in UTF-8"
        ) from error
    if not any(header):
        raise NotEnoughData(f"the table {str(path)!r} is empty", "give a table with a header and one row a model")
    if len(header) == 1 and any(mark in header[0] for mark in ";\t"):
        raise SpecError(f"the header of {str(path)!r} is {header[0]!r}", "separate the columns by commas")
    return header


def _typed(name: str, cells: pd.Series[Any]) -> pd.Series[Any]:
    import pandas as pd

    stripped = cells.astype(object).str.strip()
    if name in NAME_COLUMNS:
        return stripped.where(stripped != "", None)
    present = stripped.where(~stripped.str.lower().isin(MISSING), None)
    numbers = pd.to_numeric(present, errors="coerce")
    if (numbers.notna() == present.notna()).all():
        return numbers
    return stripped.where(stripped != "", None)


def _read_parquet(path: Path) -> pd.DataFrame:
    import pandas as pd
    import pyarrow as pa

    try:
        table = pd.read_parquet(path)
    except (OSError, ValueError, pa.ArrowException) as error:
        raise SpecError(
            f"cannot read {str(path)!r}: {_one_line(error)}", "give a table in the parquet format"
        ) from error
    table.columns = pd.Index([str(name) for name in table.columns], dtype=object)
    check_columns(table.columns, f"the table {str(path)!r}")
    return table.reset_index(drop=True)


def _one_line(error: BaseException) -> str:
    return " ".join(str(error).split())
