"""Lloyd's k-means with FAISS's choices: its subsample, its start, its iterations, its way with empty cells.

Only rounding is different: rows are taken relative to their mean, so that a mean far from 0 costs no
digits, and sums of a cell are in float64. FAISS multiplies by a linear algebra of its own, which on
recent processors runs at a quarter of their speed.
"""

from __future__ import annotations

from typing import Protocol, runtime_checkable

import numpy as np

from lmgeo.core.arrays import Float32, Float64, Int, ndarray

ITERATIONS = 25  # FAISS's niter for product quantizers
_SPLIT_SEED = 1234  # of FAISS's split_clusters, whatever the seed of the clustering
_SPLIT = 1 / 1024  # how far the halves of a split cell are moved apart


@runtime_checkable
class Side(Protocol):
    """Where rows lie and are multiplied."""

    def nearest(self, centroids: Float32[ndarray, "K b"]) -> Int[ndarray, " n"]:
        """For each row the centroid nearest to it; the first of equals."""

    def sums(self, codes: Int[ndarray, " n"], K: int) -> Float64[ndarray, "K b"]:
        """The sum of each cell's rows."""

    def rows(self, chosen: Int[ndarray, " k"]) -> Float32[ndarray, "k b"]:
        """Some of the rows."""


def training_choice(n: int, most: int, seed: int) -> Int[ndarray, " k"] | slice:
    """The rows that FAISS trains on, in its order: all where there are no more than `most`."""
    return _permutation(n, seed)[:most] if n > most else slice(None)


def kmeans(side: Side, n: int, K: int, seed: int) -> Float32[ndarray, "K b"]:
    """Centroids of n rows after `ITERATIONS` rounds.

    Args:
        side: holds the rows, n ≥ K.
        n: rows.
        K: cells.
        seed: of the starting centroids, drawn among the rows.

    Source: Lloyd 1982; FAISS's `Clustering::train`.
    """
    centroids = side.rows(np.arange(n) if n == K else _permutation(n, seed + 1)[:K])
    if n == K:  # FAISS takes the rows as they are
        return centroids
    for _ in range(ITERATIONS):
        codes = side.nearest(centroids)
        counts = np.bincount(codes, minlength=K).astype(np.float64)
        filled = counts > 0
        centroids[filled] = (side.sums(codes, K)[filled] / counts[filled, None]).astype(np.float32)
        _split(centroids, counts, n)
    return centroids


def _split(centroids: Float32[ndarray, "K b"], counts: Float64[ndarray, " K"], n: int) -> None:
    """Give each empty cell half of a full one, drawn with a chance that grows with its rows; in place."""
    import faiss

    K, random = len(counts), faiss.RandomGenerator(_SPLIT_SEED)  # type: ignore[attr-defined]
    sign = np.where(np.arange(centroids.shape[1]) % 2 == 0, _SPLIT, -_SPLIT).astype(np.float32)
    for empty in np.flatnonzero(counts == 0):
        full = 0
        while random.rand_float() >= (counts[full] - 1.0) / (n - K):
            full = (full + 1) % K
        centroids[empty] = centroids[full] * (1 + sign)
        centroids[full] *= 1 - sign
        counts[empty] = counts[full] / 2
        counts[full] -= counts[empty]


def _permutation(n: int, seed: int) -> Int[ndarray, " n"]:
    import faiss

    order = np.empty(n, dtype=np.int32)
    faiss.rand_perm(faiss.swig_ptr(order), n, seed)  # type: ignore[attr-defined]
    return order
