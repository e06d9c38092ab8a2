"""Seeded 64-bit hashes of integer pairs, the same on every machine."""

from __future__ import annotations

import numpy as np
from jaxtyping import UInt64

from lmgeo.core.arrays import Int, ndarray
from lmgeo.core.seeds import stream_seed

_GOLDEN = np.uint64(0x9E3779B97F4A7C15)


def hash_pairs(seed: int, a: Int[ndarray, " n"], b: Int[ndarray, " n"]) -> UInt64[ndarray, " n"]:
    """Well-mixed hashes of (seed, a, b), with no two pairs likelier to collide than by chance.

    Source: the finalizer of SplitMix64 (Steele, Lea & Flood 2014), applied once for each part.
    """
    start = np.uint64(stream_seed(seed, "rows"))
    return _mix(_mix(start + _bits(a)) + _bits(b))


def _bits(values: Int[ndarray, " n"]) -> UInt64[ndarray, " n"]:
    return values.astype(np.int64).view(np.uint64)


def _mix(values: UInt64[ndarray, " n"]) -> UInt64[ndarray, " n"]:
    with np.errstate(over="ignore"):
        mixed = values + _GOLDEN
        mixed = (mixed ^ (mixed >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        mixed = (mixed ^ (mixed >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return mixed ^ (mixed >> np.uint64(31))
