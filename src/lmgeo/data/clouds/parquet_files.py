"""`.parquet`: each column of vectors is a cloud; where there is none, the numeric columns side by side are one."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from lmgeo.core.arrays import ndarray
from lmgeo.data.clouds.kinds import FORMATS, LONE_NAME, CloudFormat, damaged

Found = tuple[dict[str, ndarray], list[tuple[str, str]]]


def read_parquet(path: Path) -> Found:
    """Columns of lists of numbers as one cloud each, by name; else the numeric columns, in the file's order, as one.

    A null number becomes NaN. Other columns are left out, numeric ones beside vectors too: they are what is known
    of each row. So is what pandas wrote as the index of its rows. float32 columns alone give float32, anything else
    float64; vectors keep their type.
    """
    import pyarrow
    import pyarrow.parquet

    try:
        table = pyarrow.parquet.ParquetFile(path).read()
    except (pyarrow.ArrowException, OSError) as error:
        if isinstance(error, PermissionError):
            raise
        raise damaged(path, error) from error
    return _vectors(table) if any(_is_vector(field.type) for field in table.schema) else _side_by_side(table)


def _side_by_side(table: Any) -> Found:
    import pyarrow

    index = _index_of_rows(table.schema)
    reasons = ["it is the index of rows" if f.name in index else _no_number(f.type) for f in table.schema]
    left_out = [(f.name, reason) for f, reason in zip(table.schema, reasons, strict=True) if reason]
    # by place, not by name: a name may stand twice
    numeric = [place for place, reason in enumerate(reasons) if not reason]
    if not numeric:
        return {}, left_out
    narrow = all(table.schema.field(place).type == pyarrow.float32() for place in numeric)
    cloud = np.empty((table.num_rows, len(numeric)), dtype=np.float32 if narrow else np.float64)
    for column, place in enumerate(numeric):
        cloud[:, column] = table.column(place).to_numpy()
    return {LONE_NAME: cloud}, left_out


def _index_of_rows(schema: Any) -> set[str]:
    """The columns that pandas wrote for the index of a frame: rows kept of a larger one bear their old numbers."""
    try:
        written = schema.pandas_metadata
    except (ValueError, RecursionError):  # not of pandas' making
        return set()
    names = written.get("index_columns") if isinstance(written, dict) else None
    return {name for name in names if isinstance(name, str)} if isinstance(names, list) else set()


def _vectors(table: Any) -> Found:
    found: dict[str, ndarray] = {}
    left_out = []
    for index, field in enumerate(table.schema):
        reason = f"it stands beside vectors, and its values are {field.type}"
        if _is_vector(field.type):
            twice = "an earlier column has its name" if field.name in found else ""
            reason = twice or _irregular(table.column(index))
        if reason:
            left_out.append((field.name, reason))
        else:
            found[field.name] = _matrix(table.column(index))
    return found, left_out


def _irregular(column: Any) -> str:
    """Why lists are no rows of one matrix; empty for those that are."""
    import pyarrow.compute as compute

    if column.null_count:
        return f"{column.null_count} of its {len(column)} vectors are missing"
    lengths = compute.unique(compute.list_value_length(column)).to_pylist()
    return f"its vectors are {min(lengths)} to {max(lengths)} numbers long" if len(lengths) > 1 else ""


def _matrix(column: Any) -> ndarray:
    parts = [chunk.flatten().to_numpy(zero_copy_only=False) for chunk in column.chunks]
    values = np.concatenate(parts) if parts else np.empty(0)
    return values.reshape(len(column), len(values) // max(1, len(column)))


def _is_vector(kind: Any) -> bool:
    from pyarrow import types

    lists = types.is_list(kind) or types.is_large_list(kind) or types.is_fixed_size_list(kind)
    return lists and _is_number(kind.value_type)


def _no_number(kind: Any) -> str:
    return "" if _is_number(kind) else f"its values are {kind}, not numbers"


def _is_number(kind: Any) -> bool:
    import pyarrow

    return pyarrow.types.is_integer(kind) or pyarrow.types.is_floating(kind)


FORMATS.add(
    ".parquet",
    CloudFormat(".parquet", "its columns of vectors, or its numeric columns as one cloud", read_parquet),
)
