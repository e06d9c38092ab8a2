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
    """Vasicek's entropy in nats of each row of n samples; −∞ where a spacing vanishes.

    mean over i of log(n/2m · (x₍ᵢ₊ₘ₎ − x₍ᵢ₋ₘ₎)), indices clamped to the ends, the factor n/2m
    throughout.

    Args:
        samples: one sample a row; sorted in place.
        least_spacing: a spacing up to this is rounding, and counts as none.

    Source: Vasicek 1976, "A test for normality based on sample entropy".
    """
    n = samples.shape[1]
    m = vasicek_window(n)
    samples.sort(axis=1)
    total = np.zeros(len(samples))
    ends = (samples[:, m : 2 * m] - samples[:, :1], samples[:, -1:] - samples[:, -2 * m : -m])
    for spacing in (*ends, samples[:, 2 * m :] - samples[:, : -2 * m]):
        spacing[spacing <= least_spacing] = 0.0
        with np.errstate(divide="ignore"):
            total += np.log(spacing, out=spacing).sum(axis=1)
    return total / n + math.log(n / (2 * m))
