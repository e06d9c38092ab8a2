"""Cell statistics against slow plain versions and hand-made cases."""

from __future__ import annotations

import numpy as np
import pytest

from lmgeo.core.errors import NotEnoughData
from lmgeo.numerics import cells

EVEN = np.full((2, 8), 5)


def counts(seed: int = 0) -> np.ndarray:
    rng = np.random.default_rng(seed)
    return np.stack([rng.multinomial(900, rng.dirichlet(np.ones(16))) for _ in range(3)])


def test_even_cells() -> None:
    assert cells.patchiness(EVEN) == pytest.approx(1 - 1 / 5)
    assert cells.count_var(EVEN) == pytest.approx(0, abs=1e-30)
    assert cells.count_kl(EVEN) == pytest.approx(0, abs=1e-15)


def test_random_scatter_has_patchiness_one() -> None:
    rng = np.random.default_rng(0)
    assert cells.patchiness(rng.poisson(40, size=(4, 50_000))) == pytest.approx(1, abs=1e-3)


def test_one_full_cell() -> None:
    h = np.zeros((2, 8), int)
    h[:, 3] = 40
    assert cells.patchiness(h) == pytest.approx(8 - 1 / 5)
    assert cells.count_kl(h) == pytest.approx(np.log(8))
    with pytest.raises(NotEnoughData, match="one cell of codebook 0"):
        cells.count_var(h)


def test_released_form_follows_from_the_true_one() -> None:
    h = counts()
    M, mu = len(h), h.mean()
    expected = 1 + (cells.patchiness(h) - 1) / M**2 - (M - 1) / (M**2 * mu)
    assert cells.patchiness_released(h) == pytest.approx(expected, rel=1e-12)
    pooled = h.ravel()
    m = pooled.sum() / h.shape[1]
    assert cells.patchiness_released(h) == pytest.approx((m + pooled.var() / m - 1) / m)


def test_count_statistics_against_loops() -> None:
    h = counts(1)
    K = h.shape[1]
    odds, divergences = [], []
    for row in h:
        p = row / row.sum()
        odds.append(np.var([q / (1 - q) * (K - 1) for q in p]))
        divergences.append(sum(q * np.log(q * K) for q in p if q > 0))
    assert cells.count_var(h) == pytest.approx(np.mean(odds))
    assert cells.count_kl(h) == pytest.approx(np.mean(divergences))


def test_centroid_var_against_loops() -> None:
    books = np.random.default_rng(2).normal(size=(3, 10, 5))
    nearest = [
        min(((a - b) ** 2).sum() for j, b in enumerate(book) if j != i) for book in books for i, a in enumerate(book)
    ]
    assert cells.centroid_var(books) == pytest.approx(np.var(np.array(nearest) / max(nearest)))
    assert cells.centroid_var(books + 7) == pytest.approx(cells.centroid_var(books))
    with pytest.raises(NotEnoughData, match="twin"):
        cells.centroid_var(np.ones((2, 4, 3)))


def test_error_statistics_against_scipy() -> None:
    from scipy import stats

    e = np.random.default_rng(3).gamma(2, size=500)
    assert cells.error_skew(e) == pytest.approx(stats.skew(e))
    assert cells.error_iqr(e) == pytest.approx(stats.iqr(e) / e.max())


@pytest.mark.parametrize("statistic", [cells.error_iqr, cells.error_skew])
def test_error_statistics_of_perfect_cells(statistic: object) -> None:
    with pytest.raises(NotEnoughData):
        statistic(np.zeros(5))  # type: ignore[operator]


def plain_cell_eee(rows: np.ndarray, codes: np.ndarray, K: int) -> tuple[float, int]:
    values, left_out = [], 0
    for column in codes.T:
        for k in range(K):
            distinct = np.unique(rows[column == k].astype(np.float64), axis=0)
            if len(distinct) < 2:
                left_out += int((column == k).any())
                continue
            r = min(distinct.shape)
            lam = np.linalg.svd(distinct - distinct.mean(0), compute_uv=False)[:r] ** 2
            c = np.cumsum(lam)
            above = c - np.arange(1, r + 1) * c[-1] / r
            values.append(((above[1:] + above[:-1]) / 2).sum() / (c[-1] * r / 2))
    return float(np.mean(values)), left_out


@pytest.mark.parametrize("d", [1, 3, 40])
def test_cell_eee_against_a_plain_version(d: int) -> None:
    rng = np.random.default_rng(4)
    rows = rng.normal(size=(300, d)).astype(np.float32)
    rows[100:140] = rows[:40]  # duplicates, in other cells and in the same
    codes = rng.integers(20, size=(300, 3))
    codes[100:120] = codes[:20]
    codes[codes == 19] = 0
    codes[299] = 19  # a cell of one row
    ids = np.unique(rows, axis=0, return_inverse=True)[1].ravel()
    expected = plain_cell_eee(rows, codes, 20)
    for threads in (1, 2):
        value, left_out = cells.cell_eee(rows, ids, codes, threads)
        assert value == pytest.approx(expected[0], rel=1e-9)
        assert left_out == expected[1] == 3


@pytest.mark.parametrize("shape", [(300, 80), (90, 400), (200, 200)])
@pytest.mark.parametrize("scale", [1.0, 1e-30, 1e15])
def test_cell_eee_of_large_cells(shape: tuple[int, int], scale: float) -> None:
    rng = np.random.default_rng(6)
    spectrum = np.geomspace(1, 1e-3, shape[1])
    rows = (scale * (rng.normal(size=shape) * spectrum + 3)).astype(np.float32)
    codes = np.zeros((shape[0], 1), int)
    value, _ = cells.cell_eee(rows, np.arange(shape[0]), codes, 2)
    expected = plain_cell_eee(rows.astype(np.float64) / scale, codes, 1)[0]
    assert value == pytest.approx(expected, rel=1e-5)


def test_two_rows_in_a_cell_give_a_quarter() -> None:
    rows = np.random.default_rng(5).normal(size=(8, 6))
    codes = np.repeat(np.arange(4), 2)[:, None]
    assert cells.cell_eee(rows, np.arange(8), codes)[0] == pytest.approx(0.25)


def test_cell_eee_without_two_distinct_rows() -> None:
    with pytest.raises(NotEnoughData, match="distinct"):
        cells.cell_eee(np.ones((4, 2)), np.zeros(4, int), np.zeros((4, 1), int))
