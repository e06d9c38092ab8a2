"""Singular values of matrices read in blocks, against a decomposition of the whole."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest

from lmgeo.numerics import moments, singular_values
from lmgeo.numerics.singular_values import exact_values, gram_values, grams_of, single_grams_of

SHAPES = [(300, 20), (20, 300), (40, 40), (41, 40), (1, 5), (5, 1), (1, 1), (500, 2), (2, 500)]


def blocks_of(W: np.ndarray, rows: int):
    def blocks() -> Iterator[np.ndarray]:
        for start in range(0, len(W), rows):
            yield W[start : start + rows]

    return blocks


def matrix(n: int, d: int, dtype: type = np.float32) -> np.ndarray:
    rng = np.random.default_rng(n * 1000 + d)
    return (rng.normal(size=(n, d)) * np.geomspace(1, 0.05, d) + rng.normal(size=d)).astype(dtype)


@pytest.fixture(params=[7, 64, 4_000_000])
def chunk(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> int:
    """How many values are read at a time."""
    monkeypatch.setattr(moments, "_CHUNK_VALUES", request.param)
    return request.param


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("rows", [1, 13, 1000])
def test_both_ways_and_both_centrings(shape: tuple[int, int], rows: int, chunk: int) -> None:
    W, (n, d) = matrix(*shape), shape
    double = W.astype(np.float64)
    raw = np.linalg.svd(double, compute_uv=False)
    less = np.linalg.svd(double - double.mean(axis=0), compute_uv=False)
    grams = grams_of(blocks_of(W, rows), n, d)
    np.testing.assert_allclose(grams.mean, double.mean(axis=0), rtol=1e-12, atol=1e-14)
    for expected, gram, rank, mean in (
        (raw, grams.raw, min(n, d), None),
        (less, grams.centred, min(n - 1, d), grams.mean),
    ):
        exact = exact_values(blocks_of(W, rows), n, d, mean)
        assert (exact.exact, exact.how) == (True, "svd")
        np.testing.assert_allclose(exact.values, expected, rtol=1e-9, atol=1e-12 * max(expected[0], 1e-30))
        squares = gram_values(gram, rank)
        np.testing.assert_allclose(squares.values, expected, rtol=1e-6, atol=1e-7 * max(expected[0], 1e-30))


@pytest.mark.parametrize("n", [400, 100])
@pytest.mark.parametrize("condition", [10, 1e3, 1e5, 3e5])
def test_what_squares_resolve_is_exact(n: int, condition: float) -> None:
    rng = np.random.default_rng(int(condition))
    U, V = (np.linalg.qr(rng.normal(size=(k, 100)))[0] for k in (n, 100))
    values = np.geomspace(1, 1 / condition, 100)
    found = gram_values(grams_of(blocks_of((U * values) @ V.T, 64), n, 100).raw, 100)
    assert found.exact
    np.testing.assert_allclose(found.values, values, rtol=2e-6)


@pytest.mark.parametrize("condition", [1e6, 1e9])
def test_what_they_do_not_resolve_is_said(condition: float) -> None:
    rng = np.random.default_rng(1)
    U, V = (np.linalg.qr(rng.normal(size=(k, 60)))[0] for k in (300, 60))
    values = np.geomspace(1, 1 / condition, 60)
    W = (U * values) @ V.T
    assert not gram_values(grams_of(blocks_of(W, 50), 300, 60).raw, 60).exact
    np.testing.assert_allclose(exact_values(blocks_of(W, 50), 300, 60).values, values, rtol=1e-6)


@pytest.mark.parametrize("mean", [0.0, 1.0, 1000.0])
def test_single_precision_is_near_enough_whatever_the_mean(mean: float) -> None:
    rng = np.random.default_rng(3)
    W = (rng.normal(size=(3000, 40)) * np.geomspace(1, 0.05, 40) + mean * rng.normal(size=40)).astype(np.float32)
    single, double = single_grams_of(blocks_of(W, 200), 40), grams_of(blocks_of(W, 200), 3000, 40)
    np.testing.assert_allclose(single.mean, double.mean, rtol=1e-7, atol=1e-7)
    greatest = np.linalg.eigvalsh(double.centred)[-1]
    # a mean of a thousand deviations leaves the rows themselves, and so what is subtracted, few digits
    tolerance = 2e-7 * max(mean, 1.0)
    np.testing.assert_allclose(single.centred, double.centred, rtol=0, atol=tolerance * greatest)
    np.testing.assert_allclose(single.raw, double.raw, rtol=1e-6, atol=tolerance * greatest)


def test_constant_columns_are_constant_in_single_precision_too() -> None:
    W = matrix(300, 9)
    W[:, [2, 5]] = 0.1
    single = single_grams_of(blocks_of(W, 37), 9)
    assert single.constant_columns == 2
    assert (single.centred[2] == 0).all()


def test_a_low_rank_has_zeros_and_no_noise() -> None:
    rng = np.random.default_rng(2)
    W = rng.normal(size=(200, 3)) @ rng.normal(size=(3, 30))
    found = exact_values(blocks_of(W, 64), 200, 30)
    assert np.count_nonzero(found.values) == 3
    assert not gram_values(grams_of(blocks_of(W, 64), 200, 30).raw, 30).exact


def test_constant_columns_are_counted(chunk: int) -> None:
    W = matrix(30, 9)
    W[:, [2, 5]] = 0.1
    assert grams_of(blocks_of(W, 4), 30, 9).constant_columns == 2
    assert grams_of(blocks_of(W[:5], 4), 5, 9).constant_columns == 2


def test_long_matrices_are_folded_as_they_come(monkeypatch: pytest.MonkeyPatch) -> None:
    W = matrix(2000, 8, np.float64)
    sizes: list[int] = []
    fold = singular_values._r

    def noted(rows: np.ndarray) -> np.ndarray:
        sizes.append(len(rows))
        return fold(rows)

    monkeypatch.setattr(singular_values, "_r", noted)
    exact_values(blocks_of(W, 10), 2000, 8)
    assert max(sizes) <= 8 * 5 + 10 + 8
