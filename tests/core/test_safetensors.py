"""Reading and writing safetensors without their library, against it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.numpy import load_file
from safetensors.torch import save_file

from lmgeo.core.errors import SpecError
from lmgeo.core.safetensors import read_header, to_bytes


@pytest.fixture
def file(tmp_path: Path) -> Path:
    generator = torch.Generator().manual_seed(0)
    tensors = {
        "wide": torch.randn(5, 7, generator=generator),
        "brain": torch.randn(6, 3, generator=generator).bfloat16(),
        "half": torch.randn(4, 2, generator=generator).half(),
        "double": torch.randn(3, generator=generator).double(),
        "cube": torch.randn(2, 3, 4, generator=generator),
        "scalar": torch.tensor(3.5),
        "none": torch.zeros(0, 4),
        "whole": torch.arange(6, dtype=torch.int8).reshape(2, 3),
        "eight": torch.ones(2, 2).to(torch.float8_e4m3fn),
    }
    save_file(tensors, tmp_path / "x.safetensors", metadata={"by": "us"})
    return tmp_path / "x.safetensors"


def test_every_tensor_as_the_library_reads_it(file: Path) -> None:
    from safetensors.torch import load_file as load

    tensors, notes = read_header(file)
    theirs = load(file)
    assert notes == {"by": "us"}
    assert {name: tensor.shape for name, tensor in tensors.items()} == {n: tuple(t.shape) for n, t in theirs.items()}
    assert {name: tensors[name].dtype for name in ("brain", "half", "eight")} == {
        "brain": "BF16",
        "half": "F16",
        "eight": "F8_E4M3",
    }
    for name in ("wide", "brain", "half", "double", "cube", "none", "whole"):
        expected = theirs[name].float().numpy() if name == "brain" else theirs[name].numpy()
        np.testing.assert_array_equal(tensors[name].read(), expected)
        np.testing.assert_array_equal(tensors[name].mapped(), expected)


@pytest.mark.parametrize("name", ["wide", "brain", "cube"])
def test_some_rows_are_read_alone(file: Path, name: str) -> None:
    tensor = read_header(file)[0][name]
    whole = tensor.read()
    for start in range(len(whole)):
        for stop in (*range(len(whole) + 3), None):
            np.testing.assert_array_equal(tensor.read(start, stop), whole[start:stop])


def test_what_is_written_the_library_reads(tmp_path: Path) -> None:
    arrays = {"b": np.arange(6.0).reshape(2, 3), "a/é": np.arange(4, dtype=np.float32), "n": np.array([[7]])}
    (tmp_path / "x.safetensors").write_bytes(to_bytes(arrays, {"why": "öäü"}))
    found = load_file(tmp_path / "x.safetensors")
    assert set(found) == set(arrays)
    for name, array in arrays.items():
        np.testing.assert_array_equal(found[name], array)
    tensors, notes = read_header(tmp_path / "x.safetensors")
    assert notes == {"why": "öäü"}
    np.testing.assert_array_equal(tensors["b"].read(), arrays["b"])


def entry(**changes: Any) -> dict[str, Any]:
    return {"x": {"dtype": "F32", "shape": [2, 2], "data_offsets": [0, 16], **changes}}


@pytest.mark.parametrize(
    "header",
    [
        entry(shape=[2, 3]),
        entry(shape=[-2, -2]),
        entry(shape=[2.0, 2.0]),
        entry(shape="22"),
        entry(data_offsets=[0, 1600], shape=[20, 20]),
        entry(data_offsets=[-16, 0]),
        entry(data_offsets=[16, 0]),
        entry(data_offsets=[0]),
        entry(data_offsets=None),
        {"x": {"shape": [2, 2], "data_offsets": [0, 16]}},
        {"x": 3},
        {"__metadata__": 3},
        [],
        "text",
    ],
)
def test_headers_that_lie(tmp_path: Path, header: Any) -> None:
    raw = json.dumps(header).encode()
    (tmp_path / "x.safetensors").write_bytes(len(raw).to_bytes(8, "little") + raw + b"\0" * 16)
    with pytest.raises(SpecError, match="cannot be read as") as caught:
        read_header(tmp_path / "x.safetensors")
    assert caught.value.mend


@pytest.mark.parametrize("raw", [b"", b"\x05\0\0\0\0\0\0\0", b"\xff" * 8 + b"{}", b"[" * 40_000])
def test_files_that_are_none(tmp_path: Path, raw: bytes) -> None:
    whole = len(raw).to_bytes(8, "little") + raw if raw.startswith(b"[") else raw
    (tmp_path / "x.safetensors").write_bytes(whole)
    with pytest.raises(SpecError, match="cannot be read as"):
        read_header(tmp_path / "x.safetensors")
