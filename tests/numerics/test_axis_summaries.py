"""Summaries of axes in blocks against all scores at once."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from threadpoolctl import threadpool_limits

from lmgeo.numerics.axis_summaries import AxisSummaries
from lmgeo.numerics.entropy import vasicek_entropy
from lmgeo.numerics.histograms import BINS
from lmgeo.numerics.projection import scaled_axes, sorted_scores

CLOUDS = {
    # whose range is that of the first axis, of the last one, and of some in between
    "even": np.random.default_rng(0).normal(size=(200, 9)),
    "first axis widest": np.random.default_rng(1).normal(size=(200, 9)) * np.geomspace(9, 0.1, 9),
    "an outlier on the last axis": np.vstack(
        [np.random.default_rng(2).normal(size=(200, 9)) * np.r_[np.full(8, 3.0), 0.1], np.eye(9)[8:] * 20]
    ),
}


def summarised(X: np.ndarray) -> AxisSummaries:
    _, axes, mean = scaled_axes(X)
    return AxisSummaries.of(X, axes, mean)


@pytest.mark.parametrize("cloud", CLOUDS.values(), ids=CLOUDS.keys())
def test_against_all_scores_at_once(cloud: np.ndarray) -> None:
    _, axes, mean = scaled_axes(cloud)
    scores = sorted_scores(cloud, axes, mean)
    found = AxisSummaries.of(cloud, axes, mean)
    np.testing.assert_allclose(found.entropies, vasicek_entropy(scores), rtol=1e-12)
    np.testing.assert_array_equal(found.low, scores.min(axis=1))
    np.testing.assert_array_equal(found.high, scores.max(axis=1))
    whole = (scores.min(), scores.max())
    for axis, counts, shared in zip(scores, found.counts, found.shared, strict=True):
        np.testing.assert_array_equal(counts, np.histogram(axis, BINS)[0])
        np.testing.assert_array_equal(shared, np.histogram(axis, BINS, whole)[0])


@pytest.mark.parametrize("threads", [1, 2])
@pytest.mark.parametrize("cloud", CLOUDS.values(), ids=CLOUDS.keys())
def test_blocks_and_threads_never_show(cloud: np.ndarray, threads: int, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = summarised(cloud)
    monkeypatch.setattr("lmgeo.numerics.axis_summaries._FEW_VALUES", 0)
    monkeypatch.setattr("lmgeo.numerics.axis_summaries._BLOCK_VALUES", 450)
    with threadpool_limits(threads, "blas"):
        blocks = summarised(cloud)
    for field in dataclasses.fields(AxisSummaries):
        np.testing.assert_allclose(getattr(blocks, field.name), getattr(whole, field.name), rtol=1e-9)


def test_few_rows_have_no_entropy_but_counts() -> None:
    found = summarised(np.random.default_rng(3).normal(size=(4, 2)))
    assert np.isnan(found.entropies).all()
    assert (found.counts.sum(axis=1) == 4).all()
