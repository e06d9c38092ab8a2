"""Histograms of samples in even bins, beside a standard normal's."""

from __future__ import annotations

import math

import numpy as np

from lmgeo.core.arrays import Float64, Int, ndarray

BINS = 30


def counts_of_sorted(
    samples: Float64[ndarray, "k n"], low: Float64[ndarray, " k"], high: Float64[ndarray, " k"]
) -> Int[ndarray, "k b"]:
    """How many values of each ascending sample fall into each of `BINS` even bins from its low to its high.

    A bin holds its lower edge; the ends belong to the end bins, whatever rounding makes of them.
    """
    edges = _edges(low, high)[:, 1:-1]
    below = np.stack([np.searchsorted(sample, e) for sample, e in zip(samples, edges, strict=True)])
    return np.diff(below, axis=1, prepend=0, append=samples.shape[1])


def histogram_overlap(a: Float64[ndarray, " n"], b: Float64[ndarray, " n"], equal: float = 0.0) -> float:
    """What share of two samples of n positive values their histograms on the same bins have in common: 0 … 1.

    Args:
        a, b: samples; the bins span both.
        equal: values all within this, relative to the greatest, are in one bin.
    """
    both = np.sort(np.stack([a, b]), axis=1)
    low, high = both.min(), both.max()
    if high - low <= equal * high:
        return 1.0
    counts = counts_of_sorted(both, np.full(2, low), np.full(2, high))
    return float(counts.min(axis=0).sum() / len(a))


def relative_entropies(counts: Int[ndarray, "k b"]) -> Float64[ndarray, " k"]:
    """Shannon entropy of each histogram over the logarithm of its number of bins: 0 … 1."""
    p = counts / counts.sum(axis=1, keepdims=True)
    return -(p * _log(p)).sum(axis=1) / math.log(counts.shape[1])


def divergences_from_normal(
    counts: Int[ndarray, "k b"], low: Float64[ndarray, " k"], high: Float64[ndarray, " k"]
) -> Float64[ndarray, " k"]:
    """KL divergence in nats of each histogram from a standard normal's on the same bins, within the same range.

    The normal's probabilities of the bins are exact, and sum to 1 over the bins: it is the normal
    of which as little lies outside as of the sample.
    """
    log_q = _log_masses(_edges(low, high))
    log_q -= np.logaddexp.reduce(log_q, axis=1, keepdims=True)
    p = counts / counts.sum(axis=1, keepdims=True)
    return np.maximum((p * (_log(p) - log_q)).sum(axis=1), 0.0)


def _edges(low: Float64[ndarray, " k"], high: Float64[ndarray, " k"]) -> Float64[ndarray, "k e"]:
    return np.linspace(low, high, BINS + 1, axis=1)


def _log(p: Float64[ndarray, "k b"]) -> Float64[ndarray, "k b"]:
    return np.log(np.where(p > 0, p, 1.0))  # 0·log 0 = 0


def _log_masses(edges: Float64[ndarray, "k e"]) -> Float64[ndarray, "k b"]:
    """Log of the standard normal's probability between neighbouring edges, however far out or narrow."""
    from scipy.special import log_ndtr

    left, right = edges[:, :-1], edges[:, 1:]
    middle, width = (left + right) / 2, right - left
    # of a narrow bin the difference has few digits; there the density's series about its middle is exact
    series = np.log(width) - middle**2 / 2 + np.log1p((middle**2 - 1) * width**2 / 24) - math.log(2 * math.pi) / 2
    mirrored = middle > 0  # in the lower tail log_ndtr keeps its digits
    a, b = log_ndtr(np.where(mirrored, -right, left)), log_ndtr(np.where(mirrored, -left, right))
    with np.errstate(divide="ignore"):
        difference = b + np.log(-np.expm1(a - b))
    return np.where(width * np.maximum(1.0, np.abs(middle)) < 1e-2, series, difference)
