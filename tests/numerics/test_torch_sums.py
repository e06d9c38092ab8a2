"""Sums over torch tensors against the same over arrays."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from lmgeo.core.spec.protocol import QuantizerProtocol
from lmgeo.measures.compute import compute, states_needed
from lmgeo.numerics import directions, torch_sums
from lmgeo.states.batch import RowBatch
from lmgeo.states.directions import Directions
from lmgeo.states.moments import Moments
from lmgeo.states.rows import Rows


def batches(rows: np.ndarray, kind: str) -> list[RowBatch]:
    made = []
    for part in np.array_split(np.arange(len(rows)), 7):
        given = torch.from_numpy(rows[part]) if kind == "tensor" else rows[part]
        made.append(RowBatch(given, part // 3, part % 3, np.zeros(len(part), bool)))
    return made


def filled(kind: type, rows: np.ndarray, source: str, **settings: str) -> Moments | Directions | Rows:
    state = kind.empty(rows.shape[1], **settings)
    for batch in batches(rows, source):
        state.update(batch)
    return state


@pytest.mark.parametrize("kind", [Moments, Directions, Rows])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("d", [1, 5, 300, 700])
def test_states_take_tensors_as_they_take_arrays(kind: type, dtype: type, d: int) -> None:
    rows = (np.random.default_rng(d).normal(size=(130, d)) + np.linspace(0, 1e4, d)).astype(dtype)
    rows[[0, 77]] = 0
    arrays, tensors = (filled(kind, rows, source).to_arrays() for source in ("array", "tensor"))
    assert arrays.keys() == tensors.keys()
    for name in arrays:
        scale = max(1.0, float(np.abs(arrays[name]).max(initial=0)))
        np.testing.assert_allclose(tensors[name], arrays[name], rtol=0, atol=1e-12 * scale, err_msg=name)


@pytest.mark.parametrize("source", ["array", "tensor"])
def test_float32_products_are_good_to_their_precision(source: str) -> None:
    rng = np.random.default_rng(0)
    rows = (rng.normal(size=(4_000, 96)) * np.geomspace(3, 0.05, 96) + np.where(np.arange(96) == 7, 3000, 0)).astype(
        "f4"
    )
    exact = filled(Moments, rows, "array").eigenvalues
    found = filled(Moments, rows, source, products="float32").eigenvalues
    np.testing.assert_allclose(found, exact, rtol=2e-5)
    assert np.abs(found - exact).max() < 1e-6 * exact[0]


def test_constant_columns_have_no_scatter_at_all() -> None:
    rows = np.random.default_rng(1).normal(size=(64, 5)).astype("f4")
    rows[:, [1, 3]] = [0.1, 1e6 / 3]
    for products in ("float64", "float32"):
        state = filled(Moments, rows, "tensor", products=products)
        assert state.constant_columns == 2


@pytest.mark.parametrize("scale", [1e-200, 1e200])
def test_unit_sums_of_huge_and_tiny_rows(scale: float) -> None:
    rows = np.random.default_rng(2).normal(size=(20, 4)) * scale
    rows[3] = 0
    count, total = torch_sums.unit_sum(torch.from_numpy(rows))
    expected = directions.unit_sum(rows)
    assert count == expected[0] == 19
    np.testing.assert_allclose(total, expected[1], rtol=1e-12)


def test_measures_of_tensors_are_those_of_arrays() -> None:
    rows = np.random.default_rng(3).normal(size=(300, 20)).astype("f4") + 5
    names = ["effective_rank", "isoscore", "mean_cosine", "rankme", "vrm"]
    values = []
    for source in ("array", "tensor"):
        states = {kind: filled(kind, rows, source) for kind in states_needed(names)}
        values.append(compute(states, names, QuantizerProtocol(name="x"), 0))
    for name in names:
        assert values[0][name].value == pytest.approx(values[1][name].value, rel=1e-9)
        assert values[0][name].spread == pytest.approx(values[1][name].spread, rel=1e-6)
