"""Product quantization by FAISS: k-means apart in M blocks of coordinates (Jégou et al. 2011)."""

from __future__ import annotations

from typing import Any

import numpy as np

from lmgeo.core.arrays import Float32, ndarray
from lmgeo.core.spec.protocol import QuantizerProtocol
from lmgeo.numerics.quantizers.quantization import Quantization
from lmgeo.numerics.quantizers.rows import QuantizerRows
from lmgeo.numerics.quantizers.threads import faiss_threads

FAISS_SEED = 1234  # ClusteringParameters::seed
_BLOCK = 16_384  # rows


def product_quantization(rows: QuantizerRows, protocol: QuantizerProtocol, seed: int | None) -> Quantization:
    """Quantize `rows` by product quantization.

    A width that is no multiple of the codebooks is padded with zero columns.

    Args:
        seed: of k-means and of its subsample; None: FAISS's own.
    """
    import faiss

    M, K = protocol.codebooks, protocol.cells
    n, d = rows.values.shape
    padding = -d % M
    padded = np.ascontiguousarray(np.pad(rows.values, ((0, 0), (0, padding)))) if padding else rows.values
    quantizer = faiss.ProductQuantizer(d + padding, M, protocol.bits)
    n_train = _set_clustering(quantizer.cp, n, protocol, FAISS_SEED if seed is None else seed)
    with faiss_threads(protocol.threads):
        quantizer.train(padded)
        # all at once FAISS would hold the distance of every row to every centroid
        packed = np.concatenate([quantizer.compute_codes(padded[i : i + _BLOCK]) for i in range(0, n, _BLOCK)])
    codes = faiss.unpack_bitstrings(packed, M, protocol.bits).astype(np.int32)
    blocks = faiss.vector_to_array(quantizer.centroids).reshape(M, K, (d + padding) // M)
    details = {
        "backend": "faiss",
        "version": faiss.__version__,
        "n_train": n_train,
        "padded": padding,
        "threads": protocol.threads,
    }
    return Quantization(rows, codes, _in_full_space(blocks)[:, :, :d], details)


def _set_clustering(parameters: Any, n: int, protocol: QuantizerProtocol, seed: int) -> int:
    """Set FAISS's clustering; returns how many rows it will train on."""
    parameters.seed = seed % 2**31
    parameters.min_points_per_centroid = 1  # only a warning on stderr hangs on it
    per_cell = max(1, (n if protocol.pq_train_rows is None else protocol.pq_train_rows) // protocol.cells)
    if protocol.pq_train_rows is None:
        per_cell += 1
    parameters.max_points_per_centroid = per_cell
    return min(n, per_cell * protocol.cells)


def _in_full_space(blocks: Float32[ndarray, "M K b"]) -> Float32[ndarray, "M K Mb"]:
    """Centroids of block m of the coordinates, zero in the other blocks."""
    M, K, width = blocks.shape
    full = np.zeros((M, K, M * width), dtype=np.float32)
    for m in range(M):
        full[m, :, m * width : (m + 1) * width] = blocks[m]
    return full
