"""The partition function against a plain sum, far beyond what exponentials can hold."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.special import logsumexp

from lmgeo.core.errors import NotEnoughData
from lmgeo.numerics.partition import log_partition

RNG = np.random.default_rng(0)
NORMAL = RNG.normal(size=(300, 7)) * np.geomspace(2, 0.3, 7) + np.linspace(-1, 2, 7)


def slow(X: np.ndarray) -> dict[tuple[int, ...], tuple[float, float]]:
    """log Z of both signs by eigenvector, the pair in ascending order."""
    exact = X.astype(np.float64)
    _, axes = np.linalg.eigh(exact.T @ exact)
    return [tuple(sorted((logsumexp(exact @ c), logsumexp(-exact @ c)))) for c in axes.T]


@pytest.mark.parametrize("factor", [1e-3, 1.0, 1e3, 1e6])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_against_a_plain_sum(factor: float, dtype: type) -> None:
    X = (NORMAL * factor).astype(dtype)
    found = log_partition(X)
    pairs = np.sort(np.stack([found.plus, found.minus], axis=1), axis=1)
    np.testing.assert_allclose(pairs, slow(X), rtol=1e-9)


@pytest.mark.parametrize("n", [1, 2, 25, 59])
def test_fewer_rows_than_columns(n: int) -> None:
    X = RNG.normal(size=(n, 60)) * np.geomspace(2, 0.3, 60) + 0.3
    found = log_partition(X)
    pairs = np.sort(np.stack([found.plus, found.minus], axis=1), axis=1)
    np.testing.assert_allclose(np.sort(pairs, axis=0), np.sort(slow(X), axis=0), rtol=1e-7, atol=1e-12)
    assert found.spanned.sum() == n
    assert (found.plus[~found.spanned] == np.log(n)).all()
    assert not found.sums[~found.spanned].any()


def test_sums_are_those_of_the_exponents() -> None:
    found = log_partition(NORMAL)
    values, axes = np.linalg.eigh(NORMAL.T @ NORMAL)
    np.testing.assert_allclose(np.abs(found.sums), np.abs(NORMAL.sum(axis=0) @ axes), rtol=1e-9)
    assert values[-1] > 0
    assert ((found.plus > found.minus) == (found.sums > 0))[-1]  # the mean's own axis


def test_pieces_never_show(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = log_partition(NORMAL)
    monkeypatch.setattr("lmgeo.numerics.moments._CHUNK_VALUES", 40)
    pieces = log_partition(NORMAL)
    np.testing.assert_allclose(np.sort(np.r_[pieces.plus, pieces.minus]), np.sort(np.r_[whole.plus, whole.minus]))


def test_directions_without_rows_have_a_z_of_n() -> None:
    found = log_partition(np.hstack([NORMAL, np.zeros((300, 2))]))
    assert found.spanned.sum() == 7
    np.testing.assert_allclose(found.plus[~found.spanned], np.log(300), rtol=1e-12)
    np.testing.assert_allclose(found.minus[~found.spanned], np.log(300), rtol=1e-12)
    assert not found.degenerate.any()


def test_equal_eigenvalues_are_told() -> None:
    assert log_partition(np.eye(6)).degenerate.all()
    mixed = log_partition(np.diag([3.0, 1.0, 1.0, 2.0]))
    np.testing.assert_array_equal(mixed.degenerate, [True, True, False, False])
    assert not log_partition(NORMAL).degenerate.any()


def test_balanced_rows_have_no_side() -> None:
    found = log_partition(np.vstack([NORMAL, -NORMAL]))
    assert not found.sums.any()
    np.testing.assert_allclose(found.plus, found.minus, rtol=1e-12)
    assert np.count_nonzero(log_partition(NORMAL - NORMAL.mean(axis=0)).sums) == 0


@pytest.mark.parametrize("factor", [1e-320, 1e-200, 1e200])
def test_squares_beyond_float64(factor: float) -> None:
    found = log_partition(NORMAL * factor)
    assert np.isfinite(found.plus).all()
    assert found.plus.max() == pytest.approx(max(np.log(300), abs(NORMAL * factor @ np.ones(7)).max()), rel=1)


def test_exponents_beyond_float64() -> None:
    with pytest.raises(NotEnoughData, match="overflow"):
        log_partition(np.full((3, 100), 1.7e308))


def test_sums_beyond_float64() -> None:
    """Each exponent is finite; which way the rows lean is not."""
    with pytest.raises(NotEnoughData, match="sum of a column overflows"):
        log_partition(np.abs(np.random.default_rng(1).standard_normal((3000, 3))) * 1e306)


def test_all_zeros() -> None:
    with pytest.raises(NotEnoughData, match="all entries are zero"):
        log_partition(np.zeros((4, 3)))


@pytest.mark.parametrize("reach", [299.0, 301.0, 650.0])
def test_plain_and_relative_sums_agree(reach: float, monkeypatch: pytest.MonkeyPatch) -> None:
    """Rows whose exponentials are summed as they are, and longer ones among them, against a plain sum."""
    X = NORMAL * np.where(np.arange(300) % 50 == 0, reach / np.linalg.norm(NORMAL, axis=1), 1.0)[:, None]
    monkeypatch.setattr("lmgeo.numerics.partition._CHUNK_VALUES", 7 * 20)  # some pieces have a long row, some none
    found = log_partition(X)
    pairs = np.sort(np.stack([found.plus, found.minus], axis=1), axis=1)
    np.testing.assert_allclose(pairs, slow(X), rtol=1e-12)
