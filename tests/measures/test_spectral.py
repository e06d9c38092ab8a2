"""Spectral measures against plain SVD and scikit-learn's PCA, and on spectra known in closed form."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable

import numpy as np
import pytest
from sklearn.decomposition import PCA

from lmgeo.core.errors import NotEnoughData
from lmgeo.measures import spectral
from lmgeo.measures.declare import Valued
from lmgeo.states.batch import RowBatch
from lmgeo.states.moments import Moments

Measured = Callable[[Moments], Valued]
MEASURED: list[Measured] = [
    spectral.eee,
    spectral.isoscore,
    spectral.pc_ratio,
    spectral.participation_ratio,
    spectral.effective_rank,
    spectral.effective_rank_cov,
    spectral.rankme,
    spectral.stable_rank,
]
by_name = pytest.mark.parametrize("measured", MEASURED, ids=lambda f: f.__name__)


def moments(X: np.ndarray, centred: bool = True) -> Moments:
    state = Moments.empty(X.shape[1], centred=centred)
    state.update(RowBatch.of_cloud(X))
    return state


def slow_values(s: np.ndarray, n: int, d: int) -> dict[str, float]:
    """Every spectral measure of singular values `s`, term by term from its definition."""
    sigma = [*s, *[0.0] * (d - len(s))]
    lam = [x * x for x in sigma]
    total, r = sum(lam), min(n, d)

    def rank(weights: list[float]) -> float:
        return math.exp(-sum(w / sum(weights) * math.log(w / sum(weights)) for w in weights if w > 1e-14))

    cumulated = [sum(lam[: k + 1]) for k in range(r)]
    heights = [c - (k + 1) * cumulated[-1] / r for k, c in enumerate(cumulated)]
    area = sum((a + b) / 2 for a, b in itertools.pairwise(heights))
    norm = math.sqrt(sum(x * x for x in lam))
    defect = math.sqrt(sum((math.sqrt(d) * x / norm - 1) ** 2 for x in lam)) / math.sqrt(2 * (d - math.sqrt(d)))
    phi = (d - defect**2 * (d - math.sqrt(d))) ** 2 / d**2
    return {
        "eee": area / (cumulated[-1] * r / 2),
        "isoscore": (d * phi - 1) / (d - 1),
        "pc_ratio": lam[-1] / lam[0],
        "participation_ratio": total**2 / sum(x * x for x in lam),
        "effective_rank": rank(sigma),
        "effective_rank_cov": rank(lam),
        "stable_rank": total / lam[0],
    }


@pytest.mark.parametrize(("n", "d"), [(200, 9), (30, 30), (31, 30), (12, 40), (2, 5), (50, 2)])
@by_name
def test_against_a_plain_svd(measured: Measured, n: int, d: int) -> None:
    X = np.random.default_rng(n).normal(size=(n, d)) * np.geomspace(1, 0.05, d) + 3.0
    if measured is spectral.rankme:
        expected = slow_values(np.linalg.svd(X, compute_uv=False), n, d)["effective_rank"]
    else:
        s = np.linalg.svd(X - X.mean(axis=0), compute_uv=False)[: min(n - 1, d)]
        expected = slow_values(s, n, d)[measured.__name__]
    assert measured(moments(X)).value == pytest.approx(expected, rel=1e-8, abs=1e-10)


@by_name
def test_weight_matrices_are_not_centred(measured: Measured) -> None:
    W = np.random.default_rng(4).normal(size=(80, 7)) + 2.0
    values = slow_values(np.linalg.svd(W, compute_uv=False), 80, 7)
    expected = values["effective_rank" if measured is spectral.rankme else measured.__name__]
    if measured is spectral.isoscore:
        expected = slow_values(np.linalg.svd(W - W.mean(axis=0), compute_uv=False), 80, 7)["isoscore"]
    assert measured(moments(W, centred=False)).value == pytest.approx(expected, rel=1e-9)


def test_effective_rank_of_a_matrix_is_rankme_of_a_cloud() -> None:
    X = np.random.default_rng(5).normal(size=(60, 8)) + 1.0
    assert spectral.effective_rank(moments(X, centred=False)).value == pytest.approx(
        spectral.rankme(moments(X)).value, rel=1e-12
    )


def test_against_scikit_learn() -> None:
    X = np.random.default_rng(6).normal(size=(300, 12)) @ np.random.default_rng(7).normal(size=(12, 12)) + 50.0
    variances = PCA(svd_solver="full").fit(X).explained_variance_
    np.testing.assert_allclose(moments(X).eigenvalues, variances, rtol=1e-9)
    ratio = variances / variances.sum()
    assert spectral.effective_rank_cov(moments(X)).value == pytest.approx(np.exp(-(ratio * np.log(ratio)).sum()))
    assert spectral.pc_ratio(moments(X)).value == pytest.approx(variances[-1] / variances[0])


def test_an_even_spectrum() -> None:
    X = np.vstack([np.eye(6), -np.eye(6)])
    m = moments(X)
    assert spectral.eee(m).value == pytest.approx(0.0, abs=1e-12)
    assert spectral.isoscore(m).value == pytest.approx(1.0)
    assert spectral.pc_ratio(m).value == pytest.approx(1.0)
    for measured in (spectral.participation_ratio, spectral.effective_rank, spectral.effective_rank_cov):
        assert measured(m).value == pytest.approx(6.0)
        assert measured(m).value <= 6.0
    assert spectral.stable_rank(m).value == pytest.approx(6.0)


def test_one_direction() -> None:
    m = moments(np.outer(np.arange(20.0), [1.0, 2.0, -1.0, 0.5]))
    assert spectral.eee(m).value == pytest.approx((3 / 4) ** 2)
    assert spectral.isoscore(m).value == pytest.approx(0.0, abs=1e-12)
    for measured in (spectral.participation_ratio, spectral.effective_rank, spectral.stable_rank):
        assert measured(m).value == pytest.approx(1.0, rel=1e-9)
    assert spectral.pc_ratio(m).value == 0.0
    assert "3 direction(s) without variance" in spectral.pc_ratio(m).details["note"]


def test_two_rows_always_give_a_quarter() -> None:
    X = np.random.default_rng(8).normal(size=(2, 9))
    assert spectral.eee(moments(X)).value == pytest.approx(0.25)


def test_few_rows_are_noted() -> None:
    m = moments(np.random.default_rng(9).normal(size=(5, 20)))
    assert spectral.pc_ratio(m).value == 0.0
    assert "n ≤ d" in spectral.pc_ratio(m).details["note"]
    assert "at most 4 of 20" in spectral.effective_rank(m).details["note"]
    assert "at most 5 of 20" in spectral.rankme(m).details["note"]
    assert spectral.effective_rank(m).value <= 4.0


def test_few_rows_leave_no_rounding_in_the_spectrum() -> None:
    X = np.random.default_rng(10).normal(size=(40, 600)).astype(np.float32)
    s = np.linalg.svd(X.astype(np.float64) - X.mean(axis=0, dtype=np.float64), compute_uv=False)[:39]
    assert np.count_nonzero(moments(X).eigenvalues) == 39
    assert spectral.effective_rank(moments(X)).value == pytest.approx(
        slow_values(s, 40, 600)["effective_rank"], rel=1e-9
    )


def test_constant_columns_are_counted() -> None:
    X = np.random.default_rng(11).normal(size=(50, 6))
    X[:, 2] = 0.1
    valued = spectral.pc_ratio(moments(X))
    assert valued.value == 0.0
    assert valued.details["constant_columns"] == 1
    live = np.delete(X, 2, axis=1)
    assert spectral.effective_rank(moments(X)).value == pytest.approx(spectral.effective_rank(moments(live)).value)


@by_name
def test_rows_all_equal_have_no_spectrum(measured: Measured) -> None:
    m = moments(np.full((30, 4), 0.1))
    if measured is spectral.rankme:
        assert measured(m).value == pytest.approx(1.0)
    else:
        with pytest.raises(NotEnoughData, match="all 30 rows are equal"):
            measured(m)


@by_name
def test_one_row_has_no_variance(measured: Measured) -> None:
    m = moments(np.ones((1, 4)))
    if measured is spectral.rankme:
        assert measured(m).value == pytest.approx(1.0)
    else:
        with pytest.raises(NotEnoughData, match=r"1 row\(s\)"):
            measured(m)


@by_name
def test_no_rows(measured: Measured) -> None:
    with pytest.raises(NotEnoughData):
        measured(Moments.empty(4))


def test_a_matrix_of_zeros() -> None:
    for measured in (spectral.rankme, spectral.stable_rank):
        with pytest.raises(NotEnoughData, match="zero"):
            measured(moments(np.zeros((5, 3)), centred=False))


def test_one_column() -> None:
    m = moments(np.random.default_rng(12).normal(size=(30, 1)))
    with pytest.raises(NotEnoughData, match="d = 1"):
        spectral.isoscore(m)
    assert spectral.eee(m).value == 0.0
    assert "one dimension" in spectral.eee(m).details["note"]
    assert spectral.effective_rank(m).value == 1.0


def test_a_huge_mean_keeps_the_digits_of_rankme() -> None:
    # XᵀX would lose them: its eigenvalues span 14 orders of magnitude here
    X = np.random.default_rng(13).normal(size=(500, 6)) + 1e7
    s = np.linalg.svd(X, compute_uv=False)
    found = spectral.rankme(moments(X)).value - 1.0
    assert found == pytest.approx(slow_values(s, 500, 6)["effective_rank"] - 1.0, rel=1e-4)
