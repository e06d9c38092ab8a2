"""Histograms and their divergences against numpy's and scipy's."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from scipy.special import logsumexp
from scipy.stats import entropy, norm

from lmgeo.numerics.histograms import (
    BINS,
    counts_of_sorted,
    divergences_from_normal,
    histogram_overlap,
    relative_entropies,
)

SAMPLES = np.sort(np.random.default_rng(0).gamma(2.0, size=(5, 400)) - 1.0, axis=1)
LOW, HIGH = SAMPLES[:, 0], SAMPLES[:, -1]


def numpy_counts(sample: np.ndarray, low: float, high: float) -> np.ndarray:
    return np.histogram(sample, bins=BINS, range=(low, high))[0]


@pytest.mark.parametrize("margin", [0.0, 0.7])
def test_counts_against_numpy(margin: float) -> None:
    found = counts_of_sorted(SAMPLES, LOW - margin, HIGH + margin)
    for sample, counts in zip(SAMPLES, found, strict=True):
        np.testing.assert_array_equal(counts, numpy_counts(sample, sample[0] - margin, sample[-1] + margin))


def test_ends_are_in_the_end_bins() -> None:
    counts = counts_of_sorted(np.array([[0.1, 0.2, 0.7]]), np.array([0.1]), np.array([0.7]))[0]
    assert counts[0] == counts[-1] == 1
    assert counts.sum() == 3


def test_entropies_against_scipy() -> None:
    counts = counts_of_sorted(SAMPLES, LOW, HIGH)
    np.testing.assert_allclose(relative_entropies(counts), entropy(counts, axis=1) / math.log(BINS), rtol=1e-12)
    assert relative_entropies(np.eye(1, BINS, dtype=int) * 9)[0] == 0.0
    assert relative_entropies(np.full((1, BINS), 4))[0] == pytest.approx(1.0)


def log_masses_by_quadrature(edges: np.ndarray) -> np.ndarray:
    """Log of the normal's probability of each bin, by Gauss's rule on a hundred pieces of each."""
    nodes, weights = np.polynomial.legendre.leggauss(40)
    found = []
    for a, b in itertools.pairwise(edges):
        nearest = 0.0 if a < 0 < b else min(abs(a), abs(b))  # the density relative to its greatest
        pieces = np.linspace(a, b, 101)
        x = (pieces[1:] + pieces[:-1])[:, None] / 2 + np.diff(pieces)[:, None] / 2 * nodes
        integral = (np.exp((nearest**2 - x**2) / 2) @ weights).sum() * (b - a) / 200
        found.append(math.log(integral) - nearest**2 / 2)
    return np.array(found)


def slow_divergence(counts: np.ndarray, low: float, high: float) -> float:
    log_q = log_masses_by_quadrature(np.linspace(low, high, BINS + 1))
    p = counts / counts.sum()
    return float(sum(a * (math.log(a) - q + logsumexp(log_q)) for a, q in zip(p, log_q, strict=True) if a > 0))


def test_divergences_against_scipy() -> None:
    samples = SAMPLES - SAMPLES[:, -1:]  # where its distribution function keeps its digits
    low, high = samples[:, 0], samples[:, -1]
    counts = counts_of_sorted(samples, low, high)
    for sample, p, value in zip(samples, counts, divergences_from_normal(counts, low, high), strict=True):
        q = np.diff(norm.cdf(np.linspace(sample[0], sample[-1], BINS + 1)))
        assert value == pytest.approx(entropy(p, q / q.sum()), rel=1e-10)


@pytest.mark.parametrize(
    ("low", "high"),
    [(-1e-9, 2e-9), (3.0, 3.0 + 1e-6), (-0.2, 0.1), (-1.0, 8.0), (-50.0, 90.0), (200.0, 201.0), (-300.0, -100.0)],
)
def test_divergences_against_quadrature(low: float, high: float) -> None:
    # the last ranges hold less probability than float64 could, the first ones narrow bins
    counts = np.arange(BINS)
    found = divergences_from_normal(counts[None], np.array([low]), np.array([high]))[0]
    assert found == pytest.approx(slow_divergence(counts, low, high), rel=1e-8)


def test_a_normal_sample_is_near_its_normal() -> None:
    sample = np.sort(np.random.default_rng(1).normal(size=(1, 100_000)), axis=1)
    counts = counts_of_sorted(sample, sample[:, 0], sample[:, -1])
    assert 0 <= divergences_from_normal(counts, sample[:, 0], sample[:, -1])[0] < 1e-3


def test_overlap_against_numpy() -> None:
    a, b = np.random.default_rng(2).gamma(3.0, size=(2, 500)) + np.array([[0.0], [1.0]])
    low, high = min(a.min(), b.min()), max(a.max(), b.max())
    expected = np.minimum(numpy_counts(a, low, high), numpy_counts(b, low, high)).sum() / 500
    assert histogram_overlap(a, b) == pytest.approx(expected, rel=1e-12)


def test_overlap_at_its_ends() -> None:
    a = np.linspace(1.0, 2.0, 50)
    assert histogram_overlap(a, a[::-1].copy()) == 1.0
    assert histogram_overlap(a, a + 5.0) == 0.0
    assert histogram_overlap(np.full(9, 0.1), np.full(9, 0.1)) == 1.0
    assert histogram_overlap(np.full(9, 0.1), np.full(9, 0.1 + 1e-15), equal=1e-9) == 1.0
