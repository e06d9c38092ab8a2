"""Additive quantization by local search (LSQ++: Martinez et al. 2016, 2018)."""

from __future__ import annotations

import numpy as np

from lmgeo.core.spec.protocol import QuantizerProtocol
from lmgeo.numerics.quantizers.quantization import Quantization
from lmgeo.numerics.quantizers.rows import QuantizerRows
from lmgeo.numerics.quantizers.threads import faiss_threads

FAISS_SEED = 0x12345  # LocalSearchQuantizer::random_seed


def local_search_quantization(rows: QuantizerRows, protocol: QuantizerProtocol, seed: int | None) -> Quantization:
    """Quantize `rows` by local search, with the protocol's backend.

    Trained on the first `lsq_train_rows` rows: a random subset under the canonical order.

    Args:
        seed: of the starting codes and all perturbations; None: FAISS's own.
    """
    chosen = FAISS_SEED if seed is None else seed
    n_train = training_rows(len(rows.values), protocol)
    if protocol.backend == "numba":
        from lmgeo.numerics.quantizers.local_search_numba import numba_quantization

        return numba_quantization(rows, protocol, chosen, n_train)
    if protocol.backend == "torch":
        from lmgeo.numerics.quantizers.local_search_torch import torch_quantization

        return torch_quantization(rows, protocol, chosen, n_train)
    return _faiss_quantization(rows, protocol, chosen, n_train)


def training_rows(n: int, protocol: QuantizerProtocol) -> int:
    """How many of `n` rows the additive quantizer is trained on."""
    return n if protocol.lsq_train_rows is None else min(n, protocol.lsq_train_rows)


def _faiss_quantization(rows: QuantizerRows, protocol: QuantizerProtocol, seed: int, n_train: int) -> Quantization:
    import faiss

    d = rows.values.shape[1]
    M, K = protocol.codebooks, protocol.cells
    quantizer = faiss.LocalSearchQuantizer(d, M, protocol.bits)
    quantizer.random_seed = seed % 2**31
    quantizer.train_iters = protocol.lsq_iterations
    quantizer.train_ils_iters = protocol.lsq_train_rounds
    quantizer.encode_ils_iters = protocol.lsq_encode_rounds
    quantizer.nperts = min(protocol.lsq_perturbations, M)
    with faiss_threads(protocol.threads):
        quantizer.train(rows.values[:n_train])
        packed = quantizer.compute_codes(rows.values)
    codes = faiss.unpack_bitstrings(packed, M, protocol.bits).astype(np.int32)
    codebooks = faiss.vector_to_array(quantizer.codebooks).reshape(M, K, d)
    details = {
        "backend": "faiss",
        "version": faiss.__version__,
        "n_train": n_train,
        "padded": 0,
        "threads": protocol.threads,
    }
    return Quantization(rows, codes, codebooks, details)
