"""Arrays that cannot be measured are refused in words; others are converted, and it is said."""

from __future__ import annotations

import numpy as np
import pytest

from lmgeo.core.errors import LmgeoError, NotEnoughData, SpecError
from lmgeo.measures.inputs import as_cloud
from lmgeo.numerics.conversion import as_floats


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_floats_pass_without_a_copy(dtype: type) -> None:
    X = np.ones((3, 2), dtype)
    rows, note = as_cloud(X)
    assert np.shares_memory(rows, X)
    assert note is None


@pytest.mark.parametrize(
    ("given", "target"),
    [
        ("float16", "float32"),
        ("int8", "float32"),
        ("uint16", "float32"),
        ("int32", "float64"),
        ("uint64", "float64"),
        (">f4", "float32"),
        (">f8", "float64"),
        ("longdouble", "float64"),
    ],
)
def test_conversions_are_said(given: str, target: str) -> None:
    cloud, note = as_cloud(np.array([[1, 2], [3, 4]]).astype(given))
    rows = as_floats(cloud)
    assert rows.dtype == np.dtype(target)
    assert rows.dtype.isnative
    assert note is not None
    assert target in note
    np.testing.assert_array_equal(rows, [[1, 2], [3, 4]])


@pytest.mark.parametrize("given", [bool, complex, "U3", object, "datetime64[s]"])
def test_what_is_no_number(given: object) -> None:
    with pytest.raises(SpecError, match="holds"):
        as_cloud(np.zeros((2, 2)).astype(given))


@pytest.mark.parametrize("shape", [(), (3,), (2, 3, 4)])
def test_shapes(shape: tuple[int, ...]) -> None:
    with pytest.raises(SpecError, match="shape"):
        as_cloud(np.zeros(shape))


@pytest.mark.parametrize("shape", [(0, 3), (3, 0), (0, 0)])
def test_empty(shape: tuple[int, int]) -> None:
    with pytest.raises(NotEnoughData, match="empty"):
        as_cloud(np.zeros(shape))


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
def test_what_is_not_finite_is_counted_and_placed(bad: float, dtype: type, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("lmgeo.numerics.moments._CHUNK_VALUES", 12)  # three rows at a time
    X = np.ones((20, 4), dtype)
    X[7, 2] = X[8, 0] = X[19, 3] = bad
    with pytest.raises(SpecError, match=r"3 value.*row 7, column 2") as caught:
        as_cloud(X, "matrix")
    assert caught.value.mend
    assert "matrix" in caught.value.what


def test_too_large_for_the_target_is_not_finite() -> None:
    if np.finfo(np.longdouble).max == np.finfo(np.float64).max:
        return
    with pytest.raises(LmgeoError):
        as_cloud(np.full((2, 2), np.longdouble(10) ** 400))


def test_memory_mapped_arrays_pass(tmp_path) -> None:
    np.save(tmp_path / "x.npy", np.ones((5, 2)))
    rows, note = as_cloud(np.load(tmp_path / "x.npy", mmap_mode="r"))
    assert rows.shape == (5, 2)
    assert note is None


def test_masked_entries_are_not_taken_for_values() -> None:
    X = np.ma.masked_greater(np.arange(6.0).reshape(3, 2), 4)
    with pytest.raises(SpecError, match="masked"):
        as_cloud(X)
    assert as_cloud(np.ma.masked_greater(X.data, 9))[0].shape == (3, 2)


def test_what_numpy_makes_no_array_of() -> None:
    import torch

    given = [[[1.0, 2.0], [3.0]], torch.ones(3, 2, requires_grad=True), torch.ones(3, 2, dtype=torch.bfloat16)]
    for one in given:
        with pytest.raises(SpecError, match="the cloud is no array"):
            as_cloud(one)
