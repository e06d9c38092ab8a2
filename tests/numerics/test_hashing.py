"""Hashes of pairs: fixed for ever, even, and unlike for unlike pairs."""

from __future__ import annotations

import numpy as np
from scipy.stats import kstest

from lmgeo.numerics.hashing import hash_pairs


def test_values_are_fixed_for_ever() -> None:
    # a change of these is a change of every sampled result
    found = hash_pairs(0, np.array([0, 1, -1]), np.array([0, 2, 7]))
    assert found.dtype == np.uint64
    assert found.tolist() == [4026406816540261270, 16663573790623241395, 11321682985089861343]


def test_even_and_without_collisions() -> None:
    a, b = (part.ravel() for part in np.meshgrid(np.arange(500), np.arange(200)))
    hashes = hash_pairs(3, a, b)
    assert len(np.unique(hashes)) == len(hashes)
    assert kstest(hashes.astype(float) / 2.0**64, "uniform").pvalue > 1e-3


def test_order_of_the_pair_and_seed_count() -> None:
    a, b = np.array([1, 2]), np.array([2, 1])
    hashes = hash_pairs(0, a, b)
    assert hashes[0] != hashes[1]
    assert (hash_pairs(1, a, b) != hashes).all()


def test_integer_types_give_one_hash() -> None:
    a, b = np.array([1, 2, 3]), np.array([4, 5, 6])
    for dtype in (np.int16, np.int32):
        np.testing.assert_array_equal(hash_pairs(0, a.astype(dtype), b.astype(dtype)), hash_pairs(0, a, b))
