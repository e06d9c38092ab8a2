"""Reading tables: what a hostile file does, and that nothing is guessed in silence."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from lmgeo.analysis.table import read_table
from lmgeo.core.errors import NotEnoughData, SpecError


def written(folder: Path, text: str, name: str = "t.csv") -> Path:
    path = folder / name
    path.write_bytes(text.encode())
    return path


def test_names_stay_text_and_numbers_become_numbers(tmp_path: Path) -> None:
    table = read_table(written(tmp_path, "\ufeffmodel,eee,note,sequences\n007,0.5,x,10\nNA,,y,20\nnull,1e-3,,30\n"))
    assert list(table["model"]) == ["007", "NA", "null"]
    assert table["eee"].tolist()[0] == 0.5
    assert np.isnan(table["eee"][1])
    assert table["sequences"].dtype.kind == "i"
    assert table["note"].isna().tolist() == [False, False, True]


def test_a_parquet_table_is_read_alike(tmp_path: Path) -> None:
    frame = pd.DataFrame({"model": ["a", "b"], "eee": [0.1, None]})
    frame.columns = frame.columns.astype(object)
    frame.to_parquet(tmp_path / "t.parquet")
    pd.testing.assert_frame_equal(read_table(tmp_path / "t.parquet"), frame)


@pytest.mark.parametrize(
    ("text", "error", "says"),
    [
        ("a,b,a\n1,2,3\n", SpecError, "'a'"),
        ("a,b\n", NotEnoughData, "no rows"),
        ("", NotEnoughData, "empty"),
        ("a;b\n1;2\n", SpecError, "commas"),
        ("a,b\n1,2,3\n", SpecError, "cannot read"),
        ("a,b\n1,2\n1,2,3\n", SpecError, "line 3"),
    ],
)
def test_broken_tables_are_refused(tmp_path: Path, text: str, error: type[Exception], says: str) -> None:
    with pytest.raises(error, match=says):
        read_table(written(tmp_path, text))


def test_a_missing_file_and_bytes_that_are_no_text_are_refused(tmp_path: Path) -> None:
    with pytest.raises(SpecError, match="no table"):
        read_table(tmp_path / "none.csv")
    for name in ("t.csv", "t.parquet"):
        (tmp_path / name).write_bytes(b"\xff\xfe\x00\x01garbage\x80")
        with pytest.raises(SpecError, match="cannot read"):
            read_table(tmp_path / name)


def test_a_column_without_a_name_is_left_out_and_said(tmp_path: Path) -> None:
    table = read_table(written(tmp_path, ",model,x\n0,a,1\n1,b,2\n"))
    assert list(table.columns) == ["model", "x"]
    assert "without a name" in table.attrs["notes"][0]
