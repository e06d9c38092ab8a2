"""Joint moments against plain sums, and similarity against its definition on n × n matrices."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lmgeo.numerics.similarity import (
    Joint,
    debiased_hsic,
    is_sound,
    joint_moments,
    linear_cka,
    merge_joint,
    procrustes_distance,
)

RNG = np.random.default_rng(3)


def clouds(n: int = 60, p: int = 4, q: int = 7, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    X = rng.gamma(2.0, size=(n, p)) + rng.normal(size=p) * 5
    return X, np.tanh(X @ rng.normal(size=(p, q))) + rng.normal(size=(n, q)) + 3


def joint(X: np.ndarray, Y: np.ndarray) -> Joint:
    return joint_moments(np.hstack([X, Y]), X.shape[1])


def slow_hsic(X: np.ndarray, Y: np.ndarray) -> float:
    """Song et al. 2012, equation 5, letter by letter."""
    n = len(X)
    K, L = X @ X.T, Y @ Y.T
    np.fill_diagonal(K, 0)
    np.fill_diagonal(L, 0)
    one = np.ones(n)
    first = np.trace(K @ L)
    second = (one @ K @ one) * (one @ L @ one) / ((n - 1) * (n - 2))
    third = 2 * (one @ K @ L @ one) / (n - 2)
    return (first + second - third) / (n * (n - 3))


def slow_moments(X: np.ndarray, Y: np.ndarray) -> Joint:
    Z = np.hstack([X, Y])
    U = Z - Z.mean(axis=0)
    squares = np.stack([(U[:, : X.shape[1]] ** 2).sum(1), (U[:, X.shape[1] :] ** 2).sum(1)])
    return Joint(len(X), X.shape[1], Z.mean(axis=0), U.T @ U, squares @ U, squares @ squares.T)


def assert_alike(a: Joint, b: Joint, tolerance: float = 1e-10) -> None:
    assert (a.n, a.left) == (b.n, b.left)
    for name in ("mean", "scatter", "thirds", "fourths"):
        scale = np.abs(getattr(b, name)).max()
        np.testing.assert_allclose(getattr(a, name), getattr(b, name), rtol=0, atol=tolerance * scale, err_msg=name)


@settings(max_examples=40, deadline=None)
@given(cut=st.integers(0, 60), shift=st.sampled_from([0.0, 1.0, -1e6]))
def test_pieces_give_what_plain_sums_give(cut: int, shift: float) -> None:
    X, Y = clouds()
    X[:cut] += 10.0  # means that differ between the pieces
    Y[:cut] -= 20.0
    parts = [joint_moments(np.hstack([X, Y])[s] + shift, 4) for s in (slice(cut), slice(cut, None))]
    assert_alike(merge_joint(*parts), slow_moments(X + shift, Y + shift), 1e-7 if shift < 0 else 1e-10)


def test_around_another_mean() -> None:
    X, Y = clouds()
    Z, other = np.hstack([X, Y]), RNG.normal(size=11)
    U = Z - other
    squares = np.stack([(U[:, :4] ** 2).sum(1), (U[:, 4:] ** 2).sum(1)])
    found = joint(X, Y).around(other)
    np.testing.assert_allclose(found.scatter, U.T @ U)
    np.testing.assert_allclose(found.thirds, squares @ U)
    np.testing.assert_allclose(found.fourths, squares @ squares.T)


@pytest.mark.parametrize("n", [4, 5, 9, 60, 300])
def test_debiased_similarity_is_that_of_the_whole_kernels(n: int) -> None:
    X, Y = clouds(n)
    found = joint(X, Y)
    for s, t, a, b in ((0, 1, X, Y), (1, 0, Y, X), (0, 0, X, X), (1, 1, Y, Y)):
        assert debiased_hsic(found, s, t) == pytest.approx(slow_hsic(a, b), rel=1e-9, abs=1e-9)


def test_debiased_similarity_is_unbiased() -> None:
    values = [debiased_hsic(joint(rng.normal(size=(8, 5)), rng.normal(size=(8, 5))), 0, 1)
              for rng in map(np.random.default_rng, range(3000))]  # fmt: skip
    assert abs(np.mean(values)) < 4 * np.std(values) / np.sqrt(len(values))


def test_plain_alignment_and_procrustes_by_their_definitions() -> None:
    X, Y = clouds()
    Xc, Yc = X - X.mean(0), Y - Y.mean(0)
    plain = np.linalg.norm(Xc.T @ Yc) ** 2 / np.linalg.norm(Xc.T @ Xc) / np.linalg.norm(Yc.T @ Yc)
    assert linear_cka(joint(X, Y)) == pytest.approx(plain, rel=1e-12)
    nuclear = np.linalg.norm(Xc.T @ Yc, "nuc") / np.linalg.norm(Xc) / np.linalg.norm(Yc)
    assert procrustes_distance(joint(X, Y)) == pytest.approx(1 - nuclear, rel=1e-9)


def test_procrustes_is_scipys_disparity_in_other_units() -> None:
    from scipy.spatial import procrustes

    X, Y = RNG.normal(size=(50, 6)), RNG.normal(size=(50, 6))
    assert (1 - procrustes_distance(joint(X, Y))) ** 2 == pytest.approx(1 - procrustes(X, Y)[2], rel=1e-9)


def test_sums_that_float64_cannot_hold_are_seen() -> None:
    X, Y = clouds()
    assert is_sound(joint(X, Y))
    assert is_sound(joint(X * 1e37, Y * 1e-37))
    assert not is_sound(joint(X * 1e80, Y))
    assert not is_sound(joint(X, Y * 1e-80))
