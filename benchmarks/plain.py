"""The first study's 19 measures the straightforward way, from their definitions: the yardstick of `first_paper.py`.

Each measure stands on its own feet, as in a script written for one paper: a PCA for each that needs one, a mask of
all rows for each cell, FAISS at its defaults. Nothing here is slow on purpose.
"""

from __future__ import annotations

import math
import time

import faiss
import numpy as np
from scipy.stats import skew
from sklearn.decomposition import PCA

M, BITS, K = 4, 8, 256


class Seconds(dict[str, float]):
    """Seconds of each step."""

    def of(self, name: str, call, *args):
        """Time one call and give its result."""
        start = time.perf_counter()
        result = call(*args)
        self[name] = self.get(name, 0.0) + time.perf_counter() - start
        return result


def variances(X: np.ndarray) -> np.ndarray:
    """Eigenvalues of the covariance."""
    return PCA().fit(X).explained_variance_


def eee(values: np.ndarray) -> float:
    """Early enrichment of a spectrum."""
    r = len(values)
    cumulated = np.cumsum(values)
    even = np.arange(1, r + 1) * cumulated[-1] / r
    return float(np.trapezoid(cumulated - even) / (cumulated[-1] * r / 2))


def isoscore(values: np.ndarray) -> float:
    """IsoScore of a spectrum."""
    d = len(values)
    defect = np.linalg.norm(math.sqrt(d) * values / np.linalg.norm(values) - 1) / math.sqrt(2 * (d - math.sqrt(d)))
    phi = (d - defect**2 * (d - math.sqrt(d))) ** 2 / d**2
    return float((d * phi - 1) / (d - 1))


def vrm(X: np.ndarray) -> float:
    """Vasicek ratio MSE."""
    pca = PCA().fit(X)
    scores = pca.transform(X) * math.sqrt(X.shape[1] / pca.explained_variance_.sum())
    n, m = len(X), math.floor(math.sqrt(len(X)) + 0.5)
    ratios = []
    for axis in scores.T:
        ordered = np.sort(axis)
        padded = np.concatenate([np.full(m, ordered[0]), ordered, np.full(m, ordered[-1])])
        entropy = np.log(n / (2 * m) * (padded[2 * m :] - padded[: -2 * m])).mean()
        ratios.append(math.exp(entropy) / math.sqrt(2 * math.pi * math.e))
    return float(np.mean((1 - np.array(ratios)) ** 2))


def train_product(X: np.ndarray) -> faiss.ProductQuantizer:
    """FAISS's product quantizer at its defaults."""
    quantizer = faiss.ProductQuantizer(X.shape[1], M, BITS)
    quantizer.train(X)
    return quantizer


def train_local_search(X: np.ndarray) -> faiss.LocalSearchQuantizer:
    """FAISS's additive quantizer at its defaults: all rows, 25 iterations."""
    quantizer = faiss.LocalSearchQuantizer(X.shape[1], M, BITS)
    quantizer.train(X)
    return quantizer


def buckets(codes: np.ndarray) -> list[list[np.ndarray]]:
    """For each codebook and cell, which rows lie there."""
    return [[np.flatnonzero(codes[:, m] == k) for k in range(K)] for m in range(M)]


def cell_eee(X: np.ndarray, members: list[list[np.ndarray]]) -> float:
    """Mean early enrichment of the distinct rows of each cell."""
    found = []
    for cells in members:
        for cell in cells:
            rows = np.unique(X[cell], axis=0)
            if len(rows) > 1:
                found.append(eee(variances(rows)))
    return float(np.mean(found))


def centroid_var(codebooks: np.ndarray) -> float:
    """Variance of the distances from each centroid to its nearest."""
    nearest = []
    for book in codebooks:
        squared = ((book[:, None] - book[None]) ** 2).sum(-1)
        np.fill_diagonal(squared, np.inf)
        nearest.append(squared.min(1))
    pooled = np.concatenate(nearest)
    return float((pooled / pooled.max()).var())


def cell_measures(name: str, X: np.ndarray, quantizer, codebooks: np.ndarray, seconds: Seconds) -> dict[str, float]:
    """The eight measures of a trained quantizer."""
    packed = seconds.of(f"{name} codes", quantizer.compute_codes, X)
    decoded = seconds.of(f"{name} decode", quantizer.decode, packed)
    codes = faiss.unpack_bitstrings(packed, M, BITS)
    members = seconds.of(f"{name} buckets", buckets, codes)
    counts = np.array([[len(cell) for cell in cells] for cells in members])
    errors = np.linalg.norm(X - decoded, axis=1).astype(np.float64)
    share = counts / counts.sum(axis=1, keepdims=True)
    low, high = np.percentile(errors / errors.max(), [25, 75])
    pooled = counts.sum() / K
    return {
        f"{name}_patchiness_released": float((pooled + counts.var() / pooled - 1) / pooled),
        f"{name}_error": float((errors**2).sum() / (X.astype(np.float64) ** 2).sum()),
        f"{name}_error_iqr": float(high - low),
        f"{name}_error_skew": float(skew(errors)),
        f"{name}_centroid_var": seconds.of(f"{name} centroids", centroid_var, codebooks),
        f"{name}_count_var": float((share / (1 - share) * (K - 1)).var(axis=1).mean()),
        f"{name}_count_kl": float((share * np.log(np.where(share > 0, share, 1) * K)).sum(axis=1).mean()),
        f"{name}_cell_eee": seconds.of(f"{name} cell eee", cell_eee, X, members),
    }


def measure(X: np.ndarray, seconds: Seconds) -> dict[str, float]:
    """All 19 measures of a float32 cloud."""
    product = seconds.of("pq train", train_product, X)
    blocks = faiss.vector_to_array(product.centroids).reshape(M, K, -1)
    found = cell_measures("pq", X, product, blocks, seconds)
    additive = seconds.of("lsq train", train_local_search, X)
    books = faiss.vector_to_array(additive.codebooks).reshape(M, K, -1)
    found |= cell_measures("lsq", X, additive, books, seconds)
    found["eee"] = seconds.of("eee", lambda: eee(variances(X)))
    found["isoscore"] = seconds.of("isoscore", lambda: isoscore(variances(X)))
    found["vrm"] = seconds.of("vrm", vrm, X)
    return found
