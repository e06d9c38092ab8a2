"""Round-to-nearest and GPTQ, against a plain version that inverts the Hessian column by column, and by property."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lmgeo.core.errors import SpecError
from lmgeo.numerics.gptq import gptq
from lmgeo.numerics.rounding import grid_of, round_to_nearest


def plain_grid(row: np.ndarray, bits: int) -> np.ndarray:
    """The levels of one row, written out."""
    low, high, top = min(*row, 0.0, 0.0), max(*row, 0.0, 0.0), 2**bits - 1
    if low == high:
        return np.zeros(1)
    step = (high - low) / top
    return step * (np.arange(top + 1) - np.rint(-low / step))


def nearest(value: float, levels: np.ndarray) -> float:
    return levels[np.argmin(np.abs(levels - value))]


def plain_obq(weights, moments, bits, group=0, act_order=False, dampening=0.01):
    """Optimal brain quantization in a fixed order: one column out of the inverse Hessian after another, row by row."""
    hessian = 2 * moments + dampening * 2 * np.diag(moments).mean() * np.eye(len(moments))
    order = sorted(range(len(moments)), key=lambda i: -moments[i, i]) if act_order else list(range(len(moments)))
    result = np.empty_like(weights)
    for r, original in enumerate(weights):
        row, inverse, levels = original.copy(), np.linalg.inv(hessian), plain_grid(original, bits)
        for place, i in enumerate(order):
            if group and place % group == 0:
                levels = plain_grid(row[order[place : place + group]], bits)
            result[r, i] = nearest(row[i], levels)
            row -= (row[i] - result[r, i]) / inverse[i, i] * inverse[i]
            inverse -= np.outer(inverse[:, i], inverse[i]) / inverse[i, i]
            inverse[i, i] = 1.0  # never looked at again; keeps the next division sound
    return result


def correlated(rng, inputs, rows=400, rank=None):
    mixing = rng.normal(size=(rank or inputs, inputs)) * np.exp(rng.normal(size=inputs))
    x = rng.normal(size=(rows, len(mixing))) @ mixing
    return x.T @ x / rows


def output_error(weights, rounded, moments):
    off = weights - rounded.values
    return float(np.trace(off @ moments @ off.T))


@pytest.mark.parametrize("group", [0, 3, 4, 5, 200])
@pytest.mark.parametrize("act_order", [False, True])
def test_gptq_is_optimal_brain_quantization_in_a_fixed_order(group, act_order):
    rng = np.random.default_rng(group)
    weights, moments = rng.normal(size=(6, 12)), correlated(rng, 12)
    expected = plain_obq(weights, moments, 3, group, act_order)
    np.testing.assert_allclose(gptq(weights, moments, 3, group, act_order).values, expected, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("act_order", [False, True])
def test_lazy_blocks_change_nothing(act_order):
    rng = np.random.default_rng(8)
    weights, moments = rng.normal(size=(3, 300)), correlated(rng, 300, rows=900)
    found = gptq(weights, moments, 4, act_order=act_order).values
    np.testing.assert_allclose(found, plain_obq(weights, moments, 4, act_order=act_order), rtol=1e-8, atol=1e-10)


@given(st.integers(1, 5), st.integers(1, 9), st.integers(2, 8), st.integers(0, 10), st.integers(0, 1000))
@settings(max_examples=60, deadline=None)
def test_round_to_nearest_is_the_nearest_level_of_each_rows_grid(rows, columns, bits, group, seed):
    weights = np.random.default_rng(seed).normal(size=(rows, columns)) + 0.5
    rounded = round_to_nearest(weights, bits, group)
    width = group or columns
    for r in range(rows):
        for start in range(0, columns, width):
            part = weights[r, start : start + width]
            levels = plain_grid(part, bits)
            found = rounded.values[r, start : start + width]
            assert np.abs(found - part).max() <= np.diff(levels).max() / 2 * (1 + 1e-9)
            assert all(np.abs(levels - v).min() <= 1e-12 for v in found)
    assert rounded.levels == 2**bits
    assert rounded.codes.min() >= 0
    assert rounded.codes.max() < rounded.levels


@pytest.mark.parametrize("group", [0, 4])
@pytest.mark.parametrize("diagonal", [np.ones(10), np.arange(10.0)])
def test_uncorrelated_inputs_leave_nothing_to_make_up_for(group, diagonal):
    weights = np.random.default_rng(3).normal(size=(5, 10))
    found = gptq(weights, np.diag(diagonal), 3, group)
    np.testing.assert_array_equal(found.values, round_to_nearest(weights, 3, group).values)


@pytest.mark.parametrize("act_order", [False, True])
@pytest.mark.parametrize("bits", [2, 3, 4])
def test_outputs_change_less_than_by_rounding_to_nearest(bits, act_order):
    """Greedy, so no theorem; what holds on these 40: none is worse, and their sum is below 0.7 of it."""
    pairs = []
    for seed in range(40):
        rng = np.random.default_rng(seed)
        weights, moments = rng.normal(size=(16, 24)), correlated(rng, 24, rank=8 if seed % 2 else None)
        by_gptq = gptq(weights, moments, bits, act_order=act_order)
        pairs.append([output_error(weights, r, moments) for r in (by_gptq, round_to_nearest(weights, bits))])
    ours, nearest_ones = np.array(pairs).T
    assert (ours <= nearest_ones).all()
    assert ours.sum() < 0.7 * nearest_ones.sum()


def test_sixteen_bits_are_nearly_the_weights_themselves():
    rng = np.random.default_rng(1)
    weights, moments = rng.normal(size=(8, 20)), correlated(rng, 20)
    for rounded in (round_to_nearest(weights, 16), gptq(weights, moments, 16)):
        assert np.abs(rounded.values - weights).max() < 1e-3


def test_rows_of_one_value_are_met():
    weights = np.array([[0.3] * 6, [-0.7] * 6, [0.0] * 6])
    moments = correlated(np.random.default_rng(0), 6)
    for rounded in (round_to_nearest(weights, 2), round_to_nearest(weights, 3, group=4), gptq(weights, moments, 2)):
        np.testing.assert_allclose(rounded.values, weights, rtol=1e-12)
        assert not rounded.values[2].any()


def test_one_column_has_no_later_one():
    weights = np.random.default_rng(2).normal(size=(4, 1))
    np.testing.assert_allclose(gptq(weights, np.array([[2.5]]), 2).values, weights, rtol=1e-12)


def test_an_input_that_is_always_zero_is_rounded_to_nearest_and_disturbs_no_other():
    rng = np.random.default_rng(5)
    weights, moments = rng.normal(size=(4, 7)), correlated(rng, 7)
    moments[2, :], moments[:, 2] = 0, 0
    found = gptq(weights, moments, 3)
    assert np.isfinite(found.values).all()
    np.testing.assert_array_equal(found.values[:, 2], round_to_nearest(weights, 3).values[:, 2])
    live = [0, 1, 3, 4, 5, 6]
    grids = grid_of(weights, 3)
    # the same rows without the dead input, their grids kept by a twin column of the same range
    alone = plain_obq_on(weights[:, live], moments[np.ix_(live, live)], grids)
    np.testing.assert_allclose(found.values[:, live], alone, rtol=1e-9, atol=1e-12)
    np.testing.assert_array_equal(gptq(weights, np.zeros((7, 7)), 3).values, round_to_nearest(weights, 3).values)


def plain_obq_on(weights, moments, grid):
    """As `plain_obq`, on given grids."""
    row_count, inputs = weights.shape
    inverse = np.linalg.inv(moments + 0.01 * np.diag(moments).mean() * np.eye(inputs))
    rest, result = weights.copy(), np.empty_like(weights)
    for i in range(inputs):
        levels = [grid.step[r] * (np.arange(grid.levels) - grid.zero[r]) for r in range(row_count)]
        result[:, i] = [nearest(rest[r, i], levels[r]) for r in range(row_count)]
        rest -= np.outer((rest[:, i] - result[:, i]) / inverse[i, i], inverse[i])
        inverse = inverse - np.outer(inverse[:, i], inverse[i]) / inverse[i, i]
        inverse[i, i] = 1.0
    return result


def test_the_scale_of_moments_does_not_matter_and_the_input_stays():
    rng = np.random.default_rng(6)
    weights, moments = rng.normal(size=(4, 9)), correlated(rng, 9, rank=3)
    kept = weights.copy(), moments.copy()
    first, second = gptq(weights, moments, 3), gptq(weights, 1024 * moments, 3)
    np.testing.assert_array_equal(first.codes, second.codes)
    np.testing.assert_array_equal(weights, kept[0])
    np.testing.assert_array_equal(moments, kept[1])


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"bits": 1}, "bits is 1"),
        ({"bits": 17}, "bits is 17"),
        ({"group": -2}, "group is -2"),
        ({"weights": np.full((2, 3), np.nan)}, "NaN or infinity"),
        ({"weights": np.empty((0, 3))}, "no weight"),
        ({"moments": np.full((3, 3), np.inf)}, "NaN or infinity"),
        ({"moments": np.array([[1.0, 5, 0], [5, 1, 0], [0, 0, 1]])}, "negative"),
        ({"dampening": 0.0}, "dampening is 0.0"),
    ],
)
def test_what_cannot_be_rounded_is_refused(change, said):
    with pytest.raises(SpecError, match=said):
        gptq(**{"weights": np.ones((2, 3)), "moments": np.eye(3), "bits": 4, **change})
