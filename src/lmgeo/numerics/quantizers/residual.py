"""Residual quantization by FAISS: each codebook quantizes what the ones before it left (Chen et al. 2010)."""

from __future__ import annotations

import numpy as np

from lmgeo.core.spec.protocol import QuantizerProtocol
from lmgeo.numerics.quantizers.quantization import Quantization
from lmgeo.numerics.quantizers.rows import QuantizerRows
from lmgeo.numerics.quantizers.threads import faiss_threads

FAISS_SEED = 1234  # ClusteringParameters::seed


def residual_quantization(rows: QuantizerRows, protocol: QuantizerProtocol, seed: int | None) -> Quantization:
    """Quantize `rows` codebook by codebook, with a beam of the best codes so far.

    Trained on the first `rq_train_rows` rows: a random subset under the canonical order. Between the
    codebooks FAISS draws its k-means' rows from as many candidates as the beam is wide. Fewer rows than
    columns have not as many principal axes: k-means then starts in the full space, and `details` say so.

    Args:
        seed: of k-means; None: FAISS's own.
    """
    import faiss

    n, d = rows.values.shape
    M, K = protocol.codebooks, protocol.cells
    n_train = n if protocol.rq_train_rows is None else min(n, protocol.rq_train_rows)
    quantizer = faiss.ResidualQuantizer(d, M, protocol.bits)
    quantizer.max_beam_size = protocol.rq_beam
    few = n_train < d
    if few:
        quantizer.train_type = faiss.ResidualQuantizer.Train_default
    quantizer.cp.progressive_dim_steps = protocol.rq_steps
    quantizer.cp.niter = protocol.rq_iterations
    quantizer.cp.seed = (FAISS_SEED if seed is None else seed) % 2**31
    quantizer.cp.min_points_per_centroid = 1  # only a warning on stderr hangs on it
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
        **({"without_axes": f"{n_train} training rows, fewer than {d} columns"} if few else {}),
    }
    return Quantization(rows, codes, codebooks, details)
