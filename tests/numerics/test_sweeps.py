"""Predictors taken out of products, beside least squares on the rows themselves."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from lmgeo.numerics.shapley import columns_of, sampled_shapley_shares, shapley_shares
from lmgeo.numerics.sweeps import Swept, unit_columns


def products(predictors: np.ndarray, responses: np.ndarray) -> Swept:
    x, y = unit_columns(predictors), unit_columns(responses)
    return Swept((x.T @ x)[None], (x.T @ y)[None], np.ones((1, y.shape[1])), np.zeros(1, np.int64))


def r2(predictors: np.ndarray, response: np.ndarray) -> float:
    design = np.column_stack([np.ones(len(response)), predictors])
    left = response - design @ np.linalg.lstsq(design, response, rcond=None)[0]
    return 1.0 - float(left @ left) / float(np.sum((response - response.mean()) ** 2))


@pytest.fixture
def rows() -> tuple[np.ndarray, np.ndarray]:
    random = np.random.default_rng(0)
    x = random.normal(size=(80, 5)) @ random.normal(size=(5, 5)) + 100.0
    return x, x @ random.normal(size=(5, 3)) + 5 * random.normal(size=(80, 3))


def test_what_is_left_is_one_minus_r2(rows: tuple[np.ndarray, np.ndarray]) -> None:
    x, y = rows
    state = products(x, y)
    for taken in range(6):
        expected = [1.0 - r2(x[:, :taken], response) for response in y.T]
        np.testing.assert_allclose(state.take(taken).left[0], expected, atol=1e-9)
    picked = state.select(np.array([4, 1])).take(2)
    np.testing.assert_allclose(picked.left[0], [1.0 - r2(x[:, [1, 4]], response) for response in y.T], atol=1e-9)
    assert picked.rank.tolist() == [2]
    after = state.drop(3).take(2)
    np.testing.assert_allclose(after.left[0], [1.0 - r2(x[:, 3:], response) for response in y.T], atol=1e-9)


def test_aliased_and_constant_predictors_take_nothing(rows: tuple[np.ndarray, np.ndarray]) -> None:
    x, y = rows
    more = np.column_stack([x[:, :2], x[:, 0] - 3 * x[:, 1], np.full(80, 7.0)])
    found = products(more, y).take(4)
    assert found.rank.tolist() == [2]
    np.testing.assert_allclose(found.left, products(x, y).take(2).left, atol=1e-12)


def test_a_response_is_the_same_to_the_bit_whatever_stands_beside(rows: tuple[np.ndarray, np.ndarray]) -> None:
    x, y = rows
    both, alone = products(x, y), products(x, y)
    alone = Swept(alone.gram, alone.cross[:, :, :1], alone.left[:, :1], alone.rank)
    assert (both.take(5).left[:, :1] == alone.take(5).left).all()


def brute(x: np.ndarray, y: np.ndarray, blocks: list[list[int]]) -> list[float]:
    """Mean gain of each block over every order, each fit on the rows."""
    shares = np.zeros(len(blocks))
    orders = list(itertools.permutations(range(len(blocks))))
    for order in orders:
        before, taken = 0.0, []
        for block in order:
            taken += blocks[block]
            after = r2(x[:, taken], y)
            shares[block] += after - before
            before = after
    return list(shares / len(orders))


def test_shapley_shares_are_the_mean_gain_over_every_order(rows: tuple[np.ndarray, np.ndarray]) -> None:
    x, y = rows
    blocks, widths = [[0], [1, 2], [3], [4]], [1, 2, 1, 1]
    found = shapley_shares(products(x, y), widths)[:, 0, :]
    for response in range(3):
        np.testing.assert_allclose(found[:, response], brute(x, y[:, response], blocks), atol=1e-9)
    np.testing.assert_allclose(found.sum(axis=0), [r2(x, response) for response in y.T], atol=1e-9)


def test_sampled_shares_come_near_and_sum_to_the_whole(rows: tuple[np.ndarray, np.ndarray]) -> None:
    x, y = rows
    start, widths = products(x, y), [1, 2, 1, 1]
    sampled = sampled_shapley_shares(start, widths, 200, np.random.default_rng(3))
    np.testing.assert_allclose(sampled.sum(axis=0), 1.0 - start.take(5).left, atol=1e-12)
    np.testing.assert_allclose(sampled, shapley_shares(start, widths), atol=0.05)


def test_columns_of_blocks() -> None:
    assert columns_of([2, 0], [2, 1, 3]).tolist() == [3, 4, 5, 0, 1]
    assert columns_of([], [2]).tolist() == []


def test_unit_columns_of_huge_far_and_flat_values() -> None:
    values = np.array([[1e300, 1e9, 5.0], [-1e300, 1e9 + 1, 5.0], [0.0, 1e9 + 2, 5.0]])
    found = unit_columns(values)
    np.testing.assert_allclose(found[:, 0], [np.sqrt(0.5), -np.sqrt(0.5), 0.0], atol=1e-12)
    np.testing.assert_allclose(found[:, 1], [-np.sqrt(0.5), 0.0, np.sqrt(0.5)], atol=1e-6)
    assert not found[:, 2].any()
