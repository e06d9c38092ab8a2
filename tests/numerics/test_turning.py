"""Angles between steps, against the cosine rule and known paths."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest

from lmgeo.numerics.turning import turning_angles


def angles(rows: np.ndarray, sequence: list[int] | None = None) -> np.ndarray:
    return turning_angles(rows, np.array(sequence or [0] * len(rows), dtype=int))[0]


def test_known_paths() -> None:
    square = np.array([[0, 0], [1, 0], [1, 1], [0, 1], [0, 0]], float)
    np.testing.assert_allclose(angles(square), [math.pi / 2] * 3)
    np.testing.assert_allclose(angles(np.arange(6.0)[:, None] * [[1, 2, 3]]), np.zeros(4), atol=1e-15)
    np.testing.assert_allclose(angles(np.array([[0.0], [1.0], [0.0]])), [math.pi])
    circle = np.array([[math.cos(t), math.sin(t)] for t in np.linspace(0, 2 * math.pi, 13)])
    np.testing.assert_allclose(angles(circle), [math.pi / 6] * 11)


def test_the_cosine_rule() -> None:
    rows = np.random.default_rng(0).normal(size=(40, 6))
    steps = np.diff(rows, axis=0)
    expected = [math.acos(a @ b / np.linalg.norm(a) / np.linalg.norm(b)) for a, b in itertools.pairwise(steps)]
    np.testing.assert_allclose(angles(rows), expected)


def test_nearly_straight_keeps_its_digits() -> None:
    rows = np.array([[0, 0], [1, 0], [2, 1e-9]])
    assert angles(rows)[0] == pytest.approx(1e-9, rel=1e-6)


def test_sequences_do_not_run_into_each_other() -> None:
    rows = np.random.default_rng(1).normal(size=(10, 3))
    found, which, still = turning_angles(rows, np.array([4] * 4 + [9] * 2 + [2] * 4))
    assert which.tolist() == [4, 4, 2, 2]
    assert still == 0
    np.testing.assert_allclose(found[:2], angles(rows[:4]))
    np.testing.assert_allclose(found[2:], angles(rows[6:]))


def test_a_step_without_length_has_no_angle() -> None:
    rows = np.array([[0.0], [1], [1], [2], [3]])
    found, _, still = turning_angles(rows, np.zeros(5, int))
    assert still == 1
    np.testing.assert_allclose(found, [0.0])


@pytest.mark.parametrize("scale", [1e200, 1e-200])
def test_scale_does_not_matter(scale: float) -> None:
    rows = np.random.default_rng(2).normal(size=(20, 4))
    np.testing.assert_allclose(angles(rows * scale), angles(rows))


@pytest.mark.parametrize("n", [0, 1, 2])
def test_too_few_rows_turn_nowhere(n: int) -> None:
    assert angles(np.ones((n, 3)), [0] * n).size == 0
