"""Differential entropy of samples by Vasicek's spacings."""

from __future__ import annotations

import math

import numpy as np

from lmgeo.core.arrays import Float64, ndarray

LEAST_ROWS = 5  # below it the window reaches from end to end


def vasicek_window(n: int) -> int:
    """⌊√n + ½⌋, the half-width of the spacings."""
    return math.floor(math.sqrt(n) + 0.5)


def vasicek_entropy(samples: Float64[ndarray, "k n"], least_spacing: float = 0.0) -> Float64[ndarray, " k"]:
    """Vasicek's entropy in nats of each ascending sample of n values; −∞ where a spacing vanishes.

    mean over i of log(n/2m · (x₍ᵢ₊ₘ₎ − x₍ᵢ₋ₘ₎)), indices clamped to the ends, the factor n/2m
    throughout.

    Args:
        samples: one sample a row, sorted.
        least_spacing: a spacing up to this is rounding, and counts as none.

    Source: Vasicek 1976, "A test for normality based on sample entropy".
    """
    n = samples.shape[1]
    m = vasicek_window(n)
    total = [_sum_of_log_spacings(sample, m, least_spacing) for sample in samples]
    return np.array(total) / n + math.log(n / (2 * m))


def _sum_of_log_spacings(x: Float64[ndarray, " n"], m: int, least: float) -> float:
    # a sample at a time: its spacings stay in a core's cache
    spacings = np.concatenate([x[m : 2 * m] - x[0], x[2 * m :] - x[: -2 * m], x[-1] - x[-2 * m : -m]])
    if spacings.min() <= least:
        return -math.inf
    return float(np.log(spacings, out=spacings).sum())
