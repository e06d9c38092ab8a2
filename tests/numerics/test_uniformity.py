"""Uniformity against all pairs one by one, and its sample of pairs against all of them."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest

from lmgeo.numerics import uniformity as module
from lmgeo.numerics.uniformity import log_mean_potential


def slow(X: np.ndarray) -> float:
    units = [x / np.linalg.norm(x) for x in X.astype(np.float64)]
    pairs = [math.exp(-2 * float(np.square(a - b).sum())) for a, b in itertools.permutations(units, 2)]
    return math.log(sum(pairs) / len(pairs))


def measured(X: np.ndarray, seed: int = 0) -> tuple[float, int]:
    return log_mean_potential(X, np.random.default_rng(seed))


@pytest.mark.parametrize("n", [2, 3, 60])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_against_all_pairs(n: int, dtype: type) -> None:
    X = (np.random.default_rng(n).normal(size=(n, 4)) + 0.4).astype(dtype)
    value, pairs = measured(X)
    assert value == pytest.approx(slow(X), rel=1e-9)
    assert pairs == n * (n - 1)


def test_its_ends() -> None:
    assert measured(np.full((5, 3), 0.1))[0] == pytest.approx(0.0, abs=1e-12)
    assert measured(np.array([[1.0, 0.0], [-3.0, 0.0]]))[0] == pytest.approx(-8.0)


@pytest.mark.parametrize("factor", [1e-320, 1e-200, 1e200])
def test_lengths_beyond_float64_squares(factor: float) -> None:
    X = np.array([[1.0, 1.0], [1.0, -1.0], [2.0, 0.0]])
    assert measured(X * factor)[0] == pytest.approx(slow(X), rel=1e-3)


def test_sampled_pairs_are_near_all_of_them(monkeypatch: pytest.MonkeyPatch) -> None:
    X = np.random.default_rng(1).normal(size=(300, 5)) + 0.5
    whole, pairs = measured(X)
    monkeypatch.setattr(module, "MOST_PAIRS", 50_000)
    sampled = [measured(X, seed) for seed in range(20)]
    assert {found[1] for found in sampled} == {50_000} != {pairs}
    values = np.array([found[0] for found in sampled])
    assert values.std() > 0
    assert abs(values.mean() - whole) < 4 * values.std() / math.sqrt(20)


def test_a_seed_gives_the_same_pairs_again_in_pieces_of_any_size(monkeypatch: pytest.MonkeyPatch) -> None:
    X = np.random.default_rng(2).normal(size=(300, 5))
    monkeypatch.setattr(module, "MOST_PAIRS", 20_000)
    first = measured(X, 3)
    assert measured(X, 3) == first
    monkeypatch.setattr(module, "_PIECE_VALUES", 100)
    assert measured(X, 3)[0] == pytest.approx(first[0], rel=1e-12)


def test_no_row_is_paired_with_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    # opposite rows only: one pair of a row with itself would raise the value from −8
    monkeypatch.setattr(module, "MOST_PAIRS", 1)
    X = np.array([[1.0, 0.0], [-1.0, 0.0]])
    assert all(measured(X, seed)[0] == pytest.approx(-8.0) for seed in range(50))
