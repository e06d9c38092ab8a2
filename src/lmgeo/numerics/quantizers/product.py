"""Product quantization: k-means apart in M blocks of coordinates (Jégou et al. 2011)."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np

from lmgeo.core.arrays import Float32, Int, ndarray
from lmgeo.core.spec.protocol import QuantizerProtocol
from lmgeo.numerics.quantizers.quantization import Quantization
from lmgeo.numerics.quantizers.rows import QuantizerRows
from lmgeo.numerics.quantizers.threads import faiss_threads

FAISS_SEED = 1234  # ClusteringParameters::seed
_BLOCK = 16_384  # rows


def product_quantization(rows: QuantizerRows, protocol: QuantizerProtocol, seed: int | None) -> Quantization:
    """Quantize `rows` by product quantization, with the protocol's backend.

    A width that is no multiple of the codebooks is padded with zero columns.

    Args:
        seed: of k-means and of its subsample; None: FAISS's own.
    """
    n, d = rows.values.shape
    padding = -d % protocol.codebooks
    padded = np.ascontiguousarray(np.pad(rows.values, ((0, 0), (0, padding)))) if padding else rows.values
    n_train = _training_rows(n, protocol)
    chosen = (FAISS_SEED if seed is None else seed) % 2**31
    if protocol.backend == "faiss":
        blocks, codes, version = _faiss_product(padded, protocol, n_train, chosen)
    else:
        from lmgeo.numerics.quantizers.product_own import own_product

        blocks, codes, version = own_product(padded, protocol, n_train, chosen, rows.device)
    details = {
        "backend": protocol.backend,
        "version": version,
        "n_train": min(n, n_train),
        "padded": padding,
        "threads": protocol.threads,
    }
    return Quantization(rows, codes, _in_full_space(blocks)[:, :, :d], details)


def _training_rows(n: int, protocol: QuantizerProtocol) -> int:
    """How many rows k-means is trained on at most: as FAISS counts them, as many for each cell."""
    if protocol.pq_train_rows is None:
        return n
    return max(1, protocol.pq_train_rows // protocol.cells) * protocol.cells


def _faiss_product(
    rows: Float32[ndarray, "n D"], protocol: QuantizerProtocol, n_train: int, seed: int
) -> tuple[Float32[ndarray, "M K b"], Int[ndarray, "n M"], str]:
    import faiss

    n, D = rows.shape
    M, K = protocol.codebooks, protocol.cells
    quantizer = faiss.ProductQuantizer(D, M, protocol.bits)
    quantizer.cp.seed = seed
    quantizer.cp.min_points_per_centroid = 1  # only a warning on stderr hangs on it
    quantizer.cp.max_points_per_centroid = -(-n_train // K)
    # FAISS trains block after block, with threads that wait for one another; blocks side by side,
    # each on one thread, come out the same to the bit
    with ThreadPoolExecutor(protocol.threads) as pool:
        blocks = np.stack([*pool.map(lambda m: _centroids(quantizer, rows, m), range(M))])
        faiss.copy_array_to_vector(blocks.ravel(), quantizer.centroids)
        # all rows at once, FAISS would hold the distance of each to every centroid
        parts = [rows[i : i + _BLOCK] for i in range(0, n, _BLOCK)]
        packed = np.concatenate([*pool.map(lambda part: _codes(quantizer, part), parts)])
    return blocks, faiss.unpack_bitstrings(packed, M, protocol.bits).astype(np.int32), faiss.__version__


def _centroids(quantizer: Any, rows: Float32[ndarray, "n D"], m: int) -> Float32[ndarray, "K b"]:
    """The centroids of block m of the coordinates, as `ProductQuantizer::train` has them."""
    import faiss

    K, width = quantizer.ksub, quantizer.dsub
    with faiss_threads(1):
        clustering = faiss.Clustering(width, K, quantizer.cp)
        clustering.train(np.ascontiguousarray(rows[:, m * width : (m + 1) * width]), faiss.IndexFlatL2(width))
    return faiss.vector_to_array(clustering.centroids).reshape(K, width)


def _codes(quantizer: Any, rows: Float32[ndarray, "n D"]) -> ndarray:
    with faiss_threads(1):
        return quantizer.compute_codes(rows)


def _in_full_space(blocks: Float32[ndarray, "M K b"]) -> Float32[ndarray, "M K Mb"]:
    """Centroids of block m of the coordinates, zero in the other blocks."""
    M, K, width = blocks.shape
    full = np.zeros((M, K, M * width), dtype=np.float32)
    for m in range(M):
        full[m, :, m * width : (m + 1) * width] = blocks[m]
    return full
