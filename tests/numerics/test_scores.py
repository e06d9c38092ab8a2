"""Task scores against scikit-learn and scipy."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
import scipy.stats
import sklearn.metrics
from hypothesis import given, settings
from hypothesis import strategies as st

from lmgeo.core.errors import NotEnoughData
from lmgeo.numerics.scores import METRICS, accuracy, average_ranks, f1, matthews, pearson, spearman


def class_pairs(classes: int) -> st.SearchStrategy[tuple[np.ndarray, np.ndarray]]:
    label = st.integers(0, classes - 1)
    pairs = st.lists(st.tuples(label, label), min_size=1, max_size=60)
    return pairs.map(lambda rows: tuple(np.array(rows).T))


def sklearn_matthews(truth: np.ndarray, guess: np.ndarray) -> float:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it warns of a single label
        return float(sklearn.metrics.matthews_corrcoef(truth, guess))


@given(class_pairs(2))
@settings(max_examples=60, deadline=None)
def test_binary_scores_equal_sklearn(pair: tuple[np.ndarray, np.ndarray]) -> None:
    truth, guess = pair
    assert accuracy(truth, guess) == pytest.approx(sklearn.metrics.accuracy_score(truth, guess))
    assert f1(truth, guess) == pytest.approx(sklearn.metrics.f1_score(truth, guess, zero_division=0))
    assert matthews(truth, guess) == pytest.approx(sklearn_matthews(truth, guess), abs=1e-12)


@given(class_pairs(4))
@settings(max_examples=40, deadline=None)
def test_matthews_of_many_classes_equals_sklearn(pair: tuple[np.ndarray, np.ndarray]) -> None:
    assert matthews(*pair) == pytest.approx(sklearn_matthews(*pair), abs=1e-12)


@pytest.mark.parametrize("ties", [False, True])
def test_correlations_equal_scipy(ties: bool) -> None:
    random = np.random.default_rng(0)
    x = random.normal(size=200)
    y = x + random.normal(size=200)
    if ties:
        x, y = np.round(x), np.round(y)
    assert pearson(x, y) == pytest.approx(scipy.stats.pearsonr(x, y).statistic, abs=1e-12)
    assert spearman(x, y) == pytest.approx(scipy.stats.spearmanr(x, y).statistic, abs=1e-12)


@given(st.lists(st.integers(-3, 3), min_size=1, max_size=40))
@settings(max_examples=60, deadline=None)
def test_average_ranks_equal_scipy(values: list[int]) -> None:
    x = np.array(values, float)
    np.testing.assert_allclose(average_ranks(x), scipy.stats.rankdata(x))


@pytest.mark.parametrize("name", sorted(METRICS))
def test_leading_axes_are_scored_one_by_one(name: str) -> None:
    random = np.random.default_rng(1)
    kind = float if name in ("pearson", "spearman") else int
    truth, guess = random.integers(0, 2, (2, 3, 5, 30)).astype(kind)
    scores = METRICS[name](truth, guess)
    assert scores.shape == (3, 5)
    for i, j in np.ndindex(3, 5):
        assert scores[i, j] == pytest.approx(float(METRICS[name](truth[i, j], guess[i, j])), abs=1e-12)


@pytest.mark.parametrize("constant", [0.1, -3.7e8, 0.0])
def test_constant_predictions_are_no_skill(constant: float) -> None:
    truth = np.random.default_rng(2).normal(size=77)
    guess = np.full(77, constant)
    assert pearson(truth, guess) == 0.0
    assert spearman(truth, guess) == 0.0
    labels = np.array([0, 1, 1, 0])
    assert matthews(labels, np.ones(4, int)) == 0.0
    assert f1(np.zeros(4, int), np.zeros(4, int)) == 0.0


@pytest.mark.parametrize("shift", [0.0, 1e6])
@pytest.mark.parametrize("scale", [1e-200, 1.0, 1e200])
def test_pearson_keeps_scale_and_shift(scale: float, shift: float) -> None:
    random = np.random.default_rng(3)
    x = random.normal(size=50)
    y = x + random.normal(size=50)
    assert pearson((x + shift) * scale, y) == pytest.approx(np.corrcoef(x, y)[0, 1], abs=1e-8)


@pytest.mark.parametrize("name", sorted(METRICS))
def test_no_examples_is_an_error(name: str) -> None:
    empty = np.array([], float if name in ("pearson", "spearman") else int)
    with pytest.raises(NotEnoughData, match="no examples"):
        METRICS[name](empty, empty)
