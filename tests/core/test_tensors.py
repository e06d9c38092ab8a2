"""What counts as a weight matrix, and arrays as unread tensors."""

from __future__ import annotations

import numpy as np
import pytest

from lmgeo.core.tensors import EPSILONS, FLOATS, ArrayTensor, Tensor, as_float_rows, unread_reason


def test_an_array_is_a_tensor() -> None:
    array = np.arange(12.0).reshape(4, 3)
    tensor = ArrayTensor(array)
    assert isinstance(tensor, Tensor)
    assert (tensor.shape, tensor.dtype) == ((4, 3), "F64")
    assert np.shares_memory(tensor.read(1, 3), array)
    assert ArrayTensor(array, "BF16").dtype == "BF16"


@pytest.mark.parametrize(
    ("array", "reason"),
    [
        (np.zeros((2, 2), np.float16), None),
        (np.zeros(3), "1 dimension, not 2"),
        (np.float32(3).reshape(()), "0 dimensions"),
        (np.zeros((2, 2, 2)), "3 dimensions"),
        (np.zeros((0, 4)), "empty"),
        (np.zeros((2, 2), np.int8), "I8"),
        (np.zeros((2, 2), bool), "B8"),
        (np.zeros((2, 2), complex), "C128"),
    ],
)
def test_what_is_a_weight_matrix(array: np.ndarray, reason: str | None) -> None:
    found = unread_reason(ArrayTensor(array))
    assert (found is None) == (reason is None)
    assert reason is None or reason in str(found)


def test_narrow_floats_are_widened_and_others_left_alone() -> None:
    for dtype in (np.float32, np.float64):
        array = np.ones((2, 2), dtype)
        assert as_float_rows(array) is array
    assert as_float_rows(np.ones((2, 2), np.float16)).dtype == np.float32


def test_every_float_has_its_spacing() -> None:
    import torch

    assert set(EPSILONS) == set(FLOATS)
    for name, own in FLOATS.items():
        assert EPSILONS[name] == torch.finfo(getattr(torch, own)).eps
