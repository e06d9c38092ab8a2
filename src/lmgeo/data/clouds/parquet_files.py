"""`.parquet`: the numeric columns side by side are one cloud."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from lmgeo.core.arrays import ndarray
from lmgeo.data.clouds.kinds import FORMATS, LONE_NAME, CloudFormat, damaged


def read_parquet(path: Path) -> tuple[dict[str, ndarray], list[tuple[str, str]]]:
    """One cloud, its columns in the file's order; a null becomes NaN; other columns are left out.

    float32 columns alone give float32, anything else float64.
    """
    import pyarrow
    import pyarrow.parquet

    try:
        table = pyarrow.parquet.ParquetFile(path).read()
    except (pyarrow.ArrowException, OSError) as error:
        if isinstance(error, PermissionError):
            raise
        raise damaged(path, error) from error
    left_out = [(f.name, f"its values are {f.type}, not numbers") for f in table.schema if not _is_number(f.type)]
    # by place, not by name: a name may stand twice
    numeric = [index for index, field in enumerate(table.schema) if _is_number(field.type)]
    if not numeric:
        return {}, left_out
    narrow = all(table.schema.field(index).type == pyarrow.float32() for index in numeric)
    cloud = np.empty((table.num_rows, len(numeric)), dtype=np.float32 if narrow else np.float64)
    for column, index in enumerate(numeric):
        cloud[:, column] = table.column(index).to_numpy()
    return {LONE_NAME: cloud}, left_out


def _is_number(kind: Any) -> bool:
    import pyarrow

    return pyarrow.types.is_integer(kind) or pyarrow.types.is_floating(kind)


FORMATS.add(".parquet", CloudFormat(".parquet", "the numeric columns of a table, as one cloud", read_parquet))
