"""Subsets keep the classes' shares, and grades' distribution."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lmgeo.core.errors import NotEnoughData, SpecError
from lmgeo.data.examples import Examples


def classes(labels: list[int]) -> Examples:
    return Examples([str(i) for i in range(len(labels))], None, np.array(labels, dtype=np.int64))


@given(st.lists(st.integers(0, 3), min_size=1, max_size=80), st.integers(1, 90), st.integers(0, 5))
def test_a_subset_has_the_size_and_the_shares(labels: list[int], n: int, seed: int) -> None:
    whole = classes(labels)
    part = whole.subset(n, seed)
    size = min(n, len(labels))
    assert len(part) == size == len(set(part.first))
    assert [int(t) for t in part.first] == sorted(int(t) for t in part.first)
    for label in set(labels):
        exact = labels.count(label) * size / len(labels)
        assert abs((part.labels == label).sum() - exact) < 1
    assert [labels[int(t)] for t in part.first] == part.labels.tolist()


def test_seeds_decide_and_second_texts_come_along() -> None:
    whole = Examples(list("abcdef"), list("ABCDEF"), np.array([0, 1] * 3))
    assert whole.subset(4, 1) is not None
    part = whole.subset(4, 1)
    assert [t.upper() for t in part.first] == part.second
    assert whole.subset(4, 1).first == part.first
    assert len({tuple(whole.subset(2, seed).first) for seed in range(20)}) > 1


def test_grades_are_stratified_over_quantiles() -> None:
    scores = np.random.default_rng(0).exponential(size=1000)
    whole = Examples([""] * 1000, None, scores)
    part = whole.subset(100, 7)
    edges = np.quantile(scores, np.linspace(0, 1, 11))
    counts, _ = np.histogram(part.labels, bins=edges)
    np.testing.assert_array_equal(counts, [10] * 10)
    assert part.labels.dtype == np.float64


def test_grades_with_ties_and_few_rows() -> None:
    assert len(Examples(list("abc"), None, np.array([1.0, 1.0, 1.0])).subset(2, 0)) == 2


def test_what_cannot_be_drawn() -> None:
    with pytest.raises(SpecError):
        classes([0, 1]).subset(0, 0)
    with pytest.raises(NotEnoughData):
        classes([]).subset(1, 0)
    with pytest.raises(SpecError):
        Examples(["a"], ["b", "c"], np.array([1]))
