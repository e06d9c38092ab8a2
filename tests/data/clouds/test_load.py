"""Cloud files: every format gives the same numbers; hostile files give a message."""

from __future__ import annotations

import json
import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from safetensors.numpy import save_file

from lmgeo.core.errors import NotEnoughData, SpecError
from lmgeo.data.clouds import load_clouds

X = np.random.default_rng(0).normal(size=(7, 3)).astype(np.float32)


def save(path: Path, **arrays: np.ndarray) -> Path:
    first = next(iter(arrays.values()))
    if path.suffix == ".npy":
        np.save(path, first)
    elif path.suffix == ".npz":
        np.savez_compressed(path, **arrays)
    elif path.suffix == ".safetensors":
        save_file(arrays, path)
    else:
        pq.write_table(pa.table({f"c{i}": first[:, i] for i in range(first.shape[1])}), path)
    return path


@pytest.mark.parametrize("suffix", [".npy", ".npz", ".safetensors", ".parquet"])
def test_one_array_is_called_cloud(tmp_path: Path, suffix: str) -> None:
    arrays, left_out = load_clouds(save(tmp_path / f"x{suffix}", layer=X))
    assert list(arrays) == ["cloud"]
    assert arrays["cloud"].dtype == np.float32
    np.testing.assert_array_equal(arrays["cloud"], X)
    assert left_out == []


@pytest.mark.parametrize("suffix", [".npy", ".safetensors"])
def test_what_can_be_mapped_is(tmp_path: Path, suffix: str) -> None:
    assert isinstance(load_clouds(save(tmp_path / f"x{suffix}", layer=X)).arrays["cloud"], np.memmap)


@pytest.mark.parametrize("suffix", [".npz", ".safetensors"])
def test_several_arrays_keep_their_names(tmp_path: Path, suffix: str) -> None:
    path = save(tmp_path / f"x{suffix}", b=X, a=X[:2].astype(np.float64), line=X[0], cube=X[None], mask=X > 0)
    arrays, left_out = load_clouds(path)
    assert sorted(arrays) == ["a", "b"]
    assert arrays["a"].dtype == np.float64
    reasons = {item["object"]: item["reason"] for item in left_out}
    assert sorted(reasons) == ["cube", "line", "mask"]
    assert "1 dimension, not 2" in reasons["line"]
    assert "3 dimensions" in reasons["cube"]


@pytest.mark.parametrize("dtype", ["f2", "f8", ">f4", "i1", "i8", "u2"])
def test_number_types(tmp_path: Path, dtype: str) -> None:
    array = (X * 10).astype(np.int64).clip(0).astype(dtype)
    np.save(tmp_path / "x.npy", array)
    np.testing.assert_array_equal(load_clouds(tmp_path / "x.npy").arrays["cloud"], array)


def test_nan_fortran_order_and_capitals_in_the_suffix(tmp_path: Path) -> None:
    array = np.asfortranarray(np.where(X > 1, np.nan, X))
    with (tmp_path / "x.NPY").open("wb") as file:
        np.save(file, array)
    np.testing.assert_array_equal(load_clouds(tmp_path / "x.NPY").arrays["cloud"], array)


def test_an_empty_cloud_is_passed_on(tmp_path: Path) -> None:
    for suffix in (".npy", ".npz", ".safetensors", ".parquet"):
        assert load_clouds(save(tmp_path / f"x{suffix}", a=X[:0])).arrays["cloud"].shape == (0, 3)


def test_bfloat16_is_widened(tmp_path: Path) -> None:
    halves = (X.view(np.uint32) >> 16).astype("<u2")  # the upper half of a float32
    header = {
        "w": {"dtype": "BF16", "shape": [7, 3], "data_offsets": [0, 42]},
        "e": {"dtype": "F8_E5M2", "shape": [2, 2], "data_offsets": [42, 46]},
        "__metadata__": {"made": "here"},
    }
    raw = json.dumps(header).encode()
    (tmp_path / "x.safetensors").write_bytes(len(raw).to_bytes(8, "little") + raw + halves.tobytes() + b"\0" * 4)
    arrays, left_out = load_clouds(tmp_path / "x.safetensors")
    assert list(arrays) == ["w"]
    np.testing.assert_array_equal(arrays["w"], (X.view(np.uint32) & 0xFFFF0000).view(np.float32))
    np.testing.assert_allclose(arrays["w"], X, rtol=2**-7)
    assert left_out[0]["object"] == "e"


def test_parquet_takes_numbers_nulls_and_twins(tmp_path: Path) -> None:
    columns = [pa.array([1, None]), pa.array(["a", "b"]), pa.array([0.5, 1.5]), pa.array([True, False])]
    pq.write_table(pa.Table.from_arrays(columns, names=["n", "name", "n", "flag"]), tmp_path / "x.parquet")
    arrays, left_out = load_clouds(tmp_path / "x.parquet")
    np.testing.assert_array_equal(arrays["cloud"], [[1, 0.5], [np.nan, 1.5]])
    assert [item["object"] for item in left_out] == ["name", "flag"]


def test_parquet_of_pandas_leaves_the_index_of_rows_out(tmp_path: Path) -> None:
    frame = pd.DataFrame(X, columns=["a", "b", "c"]).iloc[[5, 0, 3]]
    frame.to_parquet(tmp_path / "kept.parquet")
    arrays, left_out = load_clouds(tmp_path / "kept.parquet")
    np.testing.assert_array_equal(arrays["cloud"], X[[5, 0, 3]])
    assert arrays["cloud"].dtype == np.float32
    assert left_out == [{"object": "__index_level_0__", "reason": "it is the index of rows"}]
    frame.set_index("b").to_parquet(tmp_path / "named.parquet")
    np.testing.assert_array_equal(load_clouds(tmp_path / "named.parquet").arrays["cloud"], X[[5, 0, 3]][:, [0, 2]])


@pytest.mark.parametrize(
    "written", ["{", "[" * 100_000, "[]", '{"index_columns": 3}', '{"index_columns": [{"kind": "range"}, 1]}']
)
def test_parquet_with_foreign_words_of_pandas_is_read(tmp_path: Path, written: str) -> None:
    table = pa.table({"a": [1.0, 2.0], "b": [3.0, 4.0]}).replace_schema_metadata({"pandas": written})
    pq.write_table(table, tmp_path / "x.parquet")
    np.testing.assert_array_equal(load_clouds(tmp_path / "x.parquet").arrays["cloud"], [[1.0, 3.0], [2.0, 4.0]])


@pytest.mark.parametrize("suffix", [".npy", ".npz"])
def test_objects_are_never_unpickled(tmp_path: Path, suffix: str) -> None:
    save(tmp_path / f"x{suffix}", a=np.array([[{}]], dtype=object))
    with pytest.raises(SpecError, match="Python objects, which are never unpickled"):
        load_clouds(tmp_path / f"x{suffix}")


@pytest.mark.parametrize("kind", ["list", "large", "fixed"])
@pytest.mark.parametrize("dtype", ["float16", "float32", "float64", "int32"])
def test_parquet_columns_of_vectors_are_clouds(tmp_path: Path, kind: str, dtype: str) -> None:
    X = (10 * np.random.default_rng(0).normal(size=(7, 3))).astype(dtype)
    of = pa.from_numpy_dtype(X.dtype)
    lists = {"list": pa.list_(of), "large": pa.large_list(of), "fixed": pa.list_(of, 3)}[kind]
    vectors = pa.chunked_array([pa.array(list(part), lists) for part in (X[:2], X[2:])])
    pq.write_table(pa.table({"e": vectors}), tmp_path / "lone.parquet")
    alone, nothing = load_clouds(tmp_path / "lone.parquet")
    assert list(alone) == ["cloud"]
    assert nothing == []
    np.testing.assert_array_equal(alone["cloud"], X)
    assert alone["cloud"].dtype == X.dtype
    beside = {"id": range(7), "text": list("abcdefg"), "e": vectors}
    pq.write_table(pa.table(beside), tmp_path / "beside.parquet", row_group_size=3)
    arrays, left_out = load_clouds(tmp_path / "beside.parquet")
    assert list(arrays) == ["e"]
    np.testing.assert_array_equal(arrays["e"], X)
    assert [entry["object"] for entry in left_out] == ["id", "text"]
    assert all("beside vectors" in entry["reason"] for entry in left_out)


def test_parquet_vectors_that_are_no_matrix_are_left_out(tmp_path: Path) -> None:
    columns = {"good": [[1.0, None], [3.0, 4.0]], "uneven": [[1.0], [2.0, 3.0]], "missing": [None, [1.0, 2.0]]}
    pq.write_table(pa.table(columns), tmp_path / "x.parquet")
    arrays, left_out = load_clouds(tmp_path / "x.parquet")
    np.testing.assert_array_equal(arrays["good"], [[1.0, np.nan], [3.0, 4.0]])
    assert list(arrays) == ["good"]
    assert [entry["reason"] for entry in left_out] == [
        "its vectors are 1 to 2 numbers long",
        "1 of its 2 vectors are missing",
    ]


@pytest.mark.parametrize("suffix", [".npy", ".npz", ".safetensors", ".parquet"])
@pytest.mark.parametrize(
    "content", [b"", b"\x80\x04.", b"PK\x03\x04 broken", b"\x93NUMPY\x01\x00", b"PAR1PAR1", b"x" * 99]
)
def test_what_is_not_the_format_is_refused(tmp_path: Path, suffix: str, content: bytes) -> None:
    path = tmp_path / f"x{suffix}"
    path.write_bytes(content)
    with pytest.raises(SpecError, match="cannot be read as"):
        load_clouds(path)


@pytest.mark.parametrize("suffix", [".npy", ".npz", ".safetensors", ".parquet"])
def test_every_truncation_is_refused(tmp_path: Path, suffix: str) -> None:
    raw = save(tmp_path / f"x{suffix}", a=X).read_bytes()
    for size in range(0, len(raw), max(1, len(raw) // 40)):
        (tmp_path / f"x{suffix}").write_bytes(raw[:size])
        with pytest.raises(SpecError, match="cannot be read as"):
            load_clouds(tmp_path / f"x{suffix}")


def test_pickles_and_lone_arrays_under_another_suffix(tmp_path: Path) -> None:
    (tmp_path / "x.npz").write_bytes(pickle.dumps({"a": 1}))
    with pytest.raises(SpecError):
        load_clouds(tmp_path / "x.npz")
    with (tmp_path / "y.npz").open("wb") as file:
        np.save(file, X)
    with pytest.raises(SpecError, match="single array"):
        load_clouds(tmp_path / "y.npz")


@pytest.mark.parametrize(
    "header",
    [
        {"a": {"dtype": "F32", "shape": [2, 2], "data_offsets": [0, 8]}},
        {"a": {"dtype": "F32", "shape": [2, 2], "data_offsets": [8, 24]}},
        {"a": {"dtype": "F32", "shape": [-2, -2], "data_offsets": [0, 16]}},
        {"a": {"dtype": "F32", "shape": [2, 2], "data_offsets": [-16, 0]}},
        {"a": {"dtype": "F32", "shape": "22", "data_offsets": [0, 16]}},
        {"a": {"shape": [2, 2], "data_offsets": [0, 16]}},
        {"a": 5},
        [1],
    ],
)
def test_safetensors_headers_that_lie(tmp_path: Path, header: Any) -> None:
    raw = json.dumps(header).encode()
    (tmp_path / "x.safetensors").write_bytes(len(raw).to_bytes(8, "little") + raw + b"\0" * 16)
    with pytest.raises(SpecError, match="cannot be read as"):
        load_clouds(tmp_path / "x.safetensors")


def test_places_and_suffixes(tmp_path: Path) -> None:
    (tmp_path / "d.npy").mkdir()
    for name, what in [
        ("x.csv", "unknown suffix '.csv'"),
        ("x", "unknown suffix ''"),
        ("x.npy", "not there"),
        ("d.npy", "folder"),
    ]:
        with pytest.raises(SpecError, match=what) as caught:
            load_clouds(tmp_path / name)
        assert ".npy, .npz, .parquet, .safetensors" in caught.value.mend


@pytest.mark.parametrize("array", [X[0], np.array(1.0), X > 0, X.astype(complex), np.array([["a"]])])
def test_no_cloud_in_it(tmp_path: Path, array: np.ndarray) -> None:
    np.save(tmp_path / "x.npy", array)
    with pytest.raises(NotEnoughData, match="holds no cloud"):
        load_clouds(tmp_path / "x.npy")


def test_an_archive_with_something_that_is_no_array(tmp_path: Path) -> None:
    import zipfile

    np.save(tmp_path / "x.npy", X)
    with zipfile.ZipFile(tmp_path / "x.npz", "w") as archive:
        archive.writestr("readme.txt", "words")
        archive.write(tmp_path / "x.npy", "x.npy")
    clouds = load_clouds(tmp_path / "x.npz")
    np.testing.assert_array_equal(clouds.arrays["x"], X)
    assert clouds.left_out == [{"object": "readme.txt", "reason": "it is no array"}]


@pytest.mark.parametrize("shape", [(10**9, 10**6), (10**30, 3)])
@pytest.mark.parametrize("suffix", [".npy", ".npz"])
def test_a_header_that_claims_more_than_there_is(tmp_path: Path, shape: tuple[int, int], suffix: str) -> None:
    import io
    import zipfile

    header = io.BytesIO()
    np.lib.format.write_array_header_1_0(header, {"descr": "<f4", "fortran_order": False, "shape": shape})
    content = header.getvalue() + bytes(100)
    path = tmp_path / f"x{suffix}"
    if suffix == ".npy":
        path.write_bytes(content)
    else:
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr("x.npy", content)
    with pytest.raises(SpecError, match="cannot be read as"):
        load_clouds(path)
