"""Product quantization by our own k-means, its blocks of coordinates side by side; compiled, or on torch."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from importlib.metadata import version

import numpy as np
from threadpoolctl import threadpool_limits

from lmgeo.core.arrays import Float32, Float64, Int, ndarray
from lmgeo.core.spec.protocol import QuantizerProtocol
from lmgeo.numerics.quantizers.kmeans import Side, kmeans, training_choice

_BLOCK = 1_024  # rows: their products with all centroids stay in a core's cache
Block = tuple[Float32[ndarray, "K b"], Int[ndarray, " n"]]


def own_product(
    rows: Float32[ndarray, "n D"], protocol: QuantizerProtocol, n_train: int, seed: int, device: str
) -> tuple[Float32[ndarray, "M K b"], Int[ndarray, "n M"], str]:
    """Centroids of each of M blocks of coordinates, the codes of all rows, and the version of what computed them.

    Args:
        rows: D is a multiple of the protocol's codebooks.
        protocol: `backend` is `numba` or `torch`.
        n_train: rows to train on at most.
        seed: of the subsample and the start.
        device: where torch works.
    """
    M, K = protocol.codebooks, protocol.cells
    blocks = np.split(rows, M, axis=1)
    if protocol.backend == "torch":
        from lmgeo.numerics.quantizers.product_torch import TorchSide

        found = [_quantized(lambda part: TorchSide(part, device), block, K, n_train, seed) for block in blocks]
    else:
        # a product on one thread has the same bits whatever runs beside it
        with threadpool_limits(1, "blas"), ThreadPoolExecutor(protocol.threads) as pool:
            found = list(pool.map(lambda block: _quantized(NumbaSide, block, K, n_train, seed), blocks))
    centroids, codes = zip(*found, strict=True)
    return np.stack(centroids), np.stack(codes, axis=1), version(protocol.backend)


def _quantized(side, block: Float32[ndarray, "n b"], K: int, n_train: int, seed: int) -> Block:  # type: ignore[no-untyped-def]
    mean = block.mean(axis=0, dtype=np.float64).astype(np.float32)
    centred = np.subtract(block, mean, order="C")
    whole: Side = side(centred)
    chosen = training_choice(len(block), n_train, seed)
    training = whole if len(block) <= n_train else side(centred[chosen])
    centroids = kmeans(training, min(len(block), n_train), K, seed)
    return centroids + mean, whole.nearest(centroids)


class NumbaSide:
    """Rows in memory, multiplied by numpy and compared by compiled code."""

    def __init__(self, rows: Float32[ndarray, "n b"]) -> None:
        self._rows = rows

    def nearest(self, centroids: Float32[ndarray, "K b"]) -> Int[ndarray, " n"]:
        """For each row the centroid nearest to it; the first of equals."""
        from lmgeo.numerics.quantizers.local_search_kernels import least_of_each

        weights = np.ascontiguousarray(-2 * centroids.T)
        norms = np.einsum("kb,kb->k", centroids, centroids)
        codes = np.empty(len(self._rows), np.int32)
        for start in range(0, len(codes), _BLOCK):
            part = slice(start, start + _BLOCK)
            least_of_each(self._rows[part] @ weights, norms, codes[part])
        return codes

    def sums(self, codes: Int[ndarray, " n"], K: int) -> Float64[ndarray, "K b"]:
        """The sum of each cell's rows."""
        from lmgeo.numerics.quantizers.local_search_kernels import add_by_code

        total = np.zeros((K, self._rows.shape[1]))
        add_by_code(self._rows, codes, total)
        return total

    def rows(self, chosen: Int[ndarray, " k"]) -> Float32[ndarray, "k b"]:
        """Copies of some of the rows."""
        return self._rows[chosen]
