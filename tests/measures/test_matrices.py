"""Matrices read in blocks: the same values as in hand, in little memory, and nothing read in vain."""

from __future__ import annotations

import tracemalloc
from pathlib import Path

import numpy as np
import pytest

from lmgeo.core.errors import SpecError, UnknownName
from lmgeo.core.safetensors import StoredTensor, read_header, to_bytes
from lmgeo.core.tensors import ArrayTensor
from lmgeo.measures.compute import matrix_measures
from lmgeo.measures.matrices import (
    chosen_measures,
    measure_matrix,
    measure_tensor,
    needs_exact,
    read_spectrum,
)
from lmgeo.numerics import moments


def matrix(n: int, d: int, dtype: type = np.float32) -> np.ndarray:
    rng = np.random.default_rng(n + d)
    return (rng.normal(size=(n, d)) * np.geomspace(2, 0.3, d) + 0.1).astype(dtype)


def stored(W: np.ndarray, folder: Path) -> StoredTensor:
    (folder / "w.safetensors").write_bytes(to_bytes({"w": W}, {}))
    return read_header(folder / "w.safetensors")[0]["w"]


class Counted:
    """A tensor that counts the rows read of it."""

    def __init__(self, tensor: StoredTensor | ArrayTensor) -> None:
        self._tensor, self.rows = tensor, 0
        self.shape, self.dtype = tensor.shape, tensor.dtype

    def read(self, start: int = 0, stop: int | None = None) -> np.ndarray:
        found = self._tensor.read(start, stop)
        self.rows += len(found)
        return found


@pytest.mark.parametrize("shape", [(90, 12), (12, 90)])
@pytest.mark.parametrize("dtype", [np.float64, np.float32, np.float16])
@pytest.mark.parametrize("values", [50, 4_000_000])
def test_a_file_measures_as_the_array_does(
    shape: tuple[int, int], dtype: type, values: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    W = matrix(*shape, dtype)
    expected = measure_matrix(W)
    monkeypatch.setattr(moments, "_CHUNK_VALUES", values)
    found = measure_tensor(stored(W, tmp_path), matrix_measures())
    for name, one in found.items():
        other = expected[name].value
        assert one.value == (None if other is None else pytest.approx(other, rel=1e-9)), name


def test_spectral_measures_read_each_row_once(tmp_path: Path) -> None:
    tensor = Counted(stored(matrix(80, 10), tmp_path))
    names = ["effective_rank", "isoscore", "stable_rank", "alpha", "condition_number", "mp_softrank"]
    measure_tensor(tensor, names)
    assert tensor.rows == 80
    measure_tensor(tensor, [*names, "mean_cosine"])
    assert tensor.rows == 80 + 160


def test_a_spectrum_that_is_known_needs_no_reading(tmp_path: Path) -> None:
    tensor = Counted(stored(matrix(80, 10), tmp_path))
    spectrum = read_spectrum(tensor)
    before = tensor.rows
    assert measure_tensor(tensor, ["eee", "spectral_norm"], spectrum=spectrum)
    assert tensor.rows == before


def test_memory_stays_below_the_matrix(tmp_path: Path) -> None:
    W = matrix(60_000, 128)  # 31 MB
    tensor = stored(W, tmp_path)
    size = W.nbytes
    del W
    monkey = pytest.MonkeyPatch()
    with monkey.context() as patched:
        patched.setattr(moments, "_CHUNK_VALUES", 200_000)
        tracemalloc.start()
        found = measure_tensor(tensor, ["effective_rank", "isoscore", "stable_rank", "mean_cosine", "spectral_norm"])
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
    assert all(m.value is not None for m in found.values())
    assert peak < 0.5 * size


@pytest.mark.parametrize("name", ["mean_cosine", "partition_isotropy"])
def test_measures_of_rows_alone_make_no_spectrum(name: str, tmp_path: Path) -> None:
    tensor = Counted(stored(matrix(80, 10), tmp_path))
    found = measure_tensor(tensor, [name])[name]
    assert found.value is not None
    assert tensor.rows == 80


@pytest.mark.parametrize("name", ["effective_rank", "mean_cosine", "partition_isotropy"])
@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_where_a_matrix_is_not_finite(name: str, value: float, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(moments, "_CHUNK_VALUES", 50)
    W = matrix(40, 10)
    W[23, 4] = value
    with pytest.raises(SpecError, match="row 23, column 4"):
        measure_tensor(stored(W, tmp_path), [name])


@pytest.mark.parametrize(
    ("array", "what"), [(np.zeros(3), "1 dimension"), (np.zeros((2, 2), np.int8), "I8"), (np.zeros((0, 3)), "empty")]
)
def test_what_is_no_matrix_of_floats(array: np.ndarray, what: str) -> None:
    with pytest.raises(SpecError, match=what):
        measure_tensor(ArrayTensor(array), ["effective_rank"])


def test_choosing_measures() -> None:
    assert chosen_measures(["effective_rank*", "alpha"]) == [
        "alpha",
        "effective_rank",
        "effective_rank_cov",
        "effective_rank_pct",
    ]
    assert set(chosen_measures(["*"])) == set(matrix_measures())
    with pytest.raises(SpecError, match="vrm: not defined for weight matrices"):
        chosen_measures(["vrm"])
    with pytest.raises(SpecError, match=r"^vrm: not defined for weight matrices"):  # not dropped beside others
        chosen_measures(["effective_rank", "vrm"])
    with pytest.raises(UnknownName, match="alpha"):
        chosen_measures(["alpa"])


def test_what_measures_need() -> None:
    assert needs_exact(["effective_rank", "numerical_rank"])
    assert not needs_exact(["effective_rank", "alpha"])


def test_a_cloud_has_no_measures_of_matrices_alone() -> None:
    from lmgeo.measures.compute import cloud_measures

    with pytest.raises(SpecError, match="lmgeo weights"):
        cloud_measures(["condition_number"])
    with pytest.raises(SpecError, match=r"^spectral_norm: defined for weight matrices alone"):
        cloud_measures(["eee", "spectral_n*"])
    assert "alpha" not in cloud_measures(["al*"])


def test_every_reason_is_the_right_one_not_only_the_first() -> None:
    W = np.random.default_rng(0).normal(size=(60, 5)) * 1e200
    found = measure_matrix(W, ["eee", "isoscore", "pc_ratio", "stable_rank"], centred=True)
    assert {m.value for m in found.values()} == {None}
    assert all("overflow" in m.reason for m in found.values())


def test_integers_are_measured_as_the_floats_they_are() -> None:
    W = np.random.default_rng(0).integers(-50, 50, size=(60, 5))
    names = ["effective_rank", "numerical_rank", "mean_cosine"]
    for kind, target in (("int8", np.float32), ("int64", np.float64)):
        found, plain = measure_matrix(W.astype(kind), names), measure_matrix(W.astype(target), names)
        assert [m.value for m in found.values()] == [m.value for m in plain.values()]
        assert found["numerical_rank"].details["converted"] == f"converted from {kind} to {np.dtype(target)}"


@pytest.mark.parametrize("factor", [1e-160, 2.0**-900])
def test_entries_whose_squares_vanish_have_exact_singular_values(factor: float) -> None:
    W = np.random.default_rng(0).normal(size=(40, 6))
    found = measure_matrix(W * factor, ["condition_number"])["condition_number"]
    values = np.linalg.svd(W, compute_uv=False)
    assert found.value == pytest.approx(values[0] / values[-1], rel=1e-9)
