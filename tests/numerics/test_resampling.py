"""The bootstrap: seeded, chunk-free in its results, and right in its coverage."""

from __future__ import annotations

import time

import numpy as np
import pytest
import scipy.stats

from lmgeo.core.errors import NotEnoughData
from lmgeo.numerics import resampling
from lmgeo.numerics.resampling import bootstrap, bootstrap_indices, bootstrap_interval, percentile_interval
from lmgeo.numerics.scores import spearman


def test_indices_are_seeded_and_in_range() -> None:
    first = bootstrap_indices(17, 40, seed=3)
    assert first.shape == (40, 17)
    assert first.min() >= 0
    assert first.max() < 17
    np.testing.assert_array_equal(first, bootstrap_indices(17, 40, seed=3))
    np.testing.assert_array_equal(first[:10], bootstrap_indices(17, 10, seed=3))
    assert not np.array_equal(first, bootstrap_indices(17, 40, seed=4))


def test_every_index_is_as_likely() -> None:
    counts = np.bincount(bootstrap_indices(10, 5000, seed=0).ravel(), minlength=10)
    assert scipy.stats.chisquare(counts).pvalue > 1e-3


def test_bootstrap_equals_a_plain_loop(monkeypatch: pytest.MonkeyPatch) -> None:
    x, y = np.random.default_rng(0).normal(size=(2, 50))
    rows = bootstrap_indices(50, 30, seed=5)
    slow = [scipy.stats.spearmanr(x[r], y[r]).statistic for r in rows]
    np.testing.assert_allclose(bootstrap(spearman, x, y, resamples=30, seed=5), slow, atol=1e-12)
    monkeypatch.setattr(resampling, "CHUNK_ELEMENTS", 200)
    np.testing.assert_allclose(bootstrap(spearman, x, y, resamples=30, seed=5), slow, atol=1e-12)


def test_arrays_of_rows_are_resampled_along_their_first_axis() -> None:
    table = np.random.default_rng(1).normal(size=(20, 3))
    means = bootstrap(lambda t: t.mean(axis=(1, 2)), table, resamples=50, seed=0)
    rows = bootstrap_indices(20, 50, seed=0)
    np.testing.assert_allclose(means, [table[r].mean() for r in rows])


def test_percentile_interval_equals_numpy() -> None:
    values = np.random.default_rng(2).normal(size=(4, 500))
    low, high = percentile_interval(values, 0.9)
    np.testing.assert_allclose(low, np.percentile(values, 5, axis=-1))
    np.testing.assert_allclose(high, np.percentile(values, 95, axis=-1))


def test_interval_covers_the_mean_about_as_often_as_it_says() -> None:
    random = np.random.default_rng(4)
    hits = 0
    for trial in range(200):
        low, high = bootstrap_interval(lambda x: x.mean(-1), random.normal(size=80), resamples=300, seed=trial)
        hits += low <= 0.0 <= high
    assert 0.88 <= hits / 200 <= 0.99


def test_a_thousand_resamples_of_a_thousand_examples_are_quick() -> None:
    x, y = np.random.default_rng(0).normal(size=(2, 1000))
    start = time.perf_counter()
    bootstrap_interval(spearman, x, y, resamples=1000)
    assert time.perf_counter() - start < 5.0  # some 0.3 s on an idle core


def test_nothing_to_resample_is_an_error() -> None:
    with pytest.raises(NotEnoughData):
        bootstrap_indices(0, 10, seed=0)
    with pytest.raises(NotEnoughData):
        bootstrap(np.mean, np.array([]))
