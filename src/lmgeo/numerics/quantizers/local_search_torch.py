"""Additive quantization by local search on torch: the search of `local_search_numba`, many rows at a time.

Same starts, same random numbers, same steps: on one device the codes are those of the compiled
search but where rounding decides between two codes. It is meant for a GPU, where a sweep over
many rows is a few gathers and an argmin; on a CPU the compiled one is the faster.
"""

from __future__ import annotations

import math

import numpy as np
import torch
from torch import Tensor

from lmgeo.core.seeds import numpy_stream, stream_seed
from lmgeo.core.spec.protocol import QuantizerProtocol
from lmgeo.numerics.quantizers.constants import POWER, RIDGE, SWEEPS
from lmgeo.numerics.quantizers.quantization import Quantization
from lmgeo.numerics.quantizers.rows import QuantizerRows

_BLOCK_VALUES = 2**26  # of unary terms at a time: 256 MB


def torch_quantization(rows: QuantizerRows, protocol: QuantizerProtocol, seed: int, n_train: int) -> Quantization:
    """Quantize `rows` on their device; trained on the first `n_train` of them."""
    device = torch.device(rows.device)
    values = torch.from_numpy(rows.values).to(device)
    shape = (len(values), protocol.codebooks)
    start = numpy_stream(seed, "local_search", "start").integers(protocol.cells, size=shape, dtype=np.int32)
    codes = torch.from_numpy(start).to(device, torch.int64)
    codebooks = train(values[:n_train], codes[:n_train].clone(), protocol, seed)
    own = stream_seed(seed, "local_search", "encode")
    refine(values, codebooks, codes, protocol.lsq_encode_rounds, protocol.lsq_perturbations, own)
    details = {
        "backend": "torch",
        "version": torch.__version__.split("+")[0],
        "n_train": n_train,
        "padded": 0,
        "threads": protocol.threads,
    }
    return Quantization(rows, codes.cpu().numpy().astype(np.int32), codebooks.cpu().numpy(), details)


def train(rows: Tensor, codes: Tensor, protocol: QuantizerProtocol, seed: int) -> Tensor:
    """Codebooks (M, K, d) fitted to rows (n, d), from starting codes (n, M) on, which are changed."""
    iterations, M, K = protocol.lsq_iterations, protocol.codebooks, protocol.cells
    stream = numpy_stream(seed, "local_search", "codebooks")
    deviation = rows.double().std(dim=0, correction=0)
    for iteration in range(1, iterations + 1):
        fitted = fit_codebooks(rows, codes, K)
        temperature = math.pow(1 - iteration / iterations, POWER)
        noise = torch.from_numpy(stream.standard_normal((M, K, rows.shape[1]))).to(rows.device)
        codebooks = (fitted + temperature / M * deviation * noise).float()
        own = stream_seed(seed, "local_search", f"iteration {iteration}")
        refine(rows, codebooks, codes, protocol.lsq_train_rounds, protocol.lsq_perturbations, own)
    return codebooks


def fit_codebooks(rows: Tensor, codes: Tensor, K: int) -> Tensor:
    """The codebooks of least squared error for given codes, with a ridge, in float64."""
    M, d = codes.shape[1], rows.shape[1]
    places = codes + K * torch.arange(M, device=rows.device)
    sums = torch.zeros(M * K, d, dtype=torch.float64, device=rows.device)
    for m in range(M):
        sums.index_add_(0, places[:, m], rows.double())
    pairs = (places[:, :, None] * (M * K) + places[:, None, :]).reshape(-1)
    together = torch.bincount(pairs, minlength=(M * K) ** 2).reshape(M * K, M * K).double()
    together.diagonal().add_(RIDGE)
    return torch.cholesky_solve(sums, torch.linalg.cholesky(together)).reshape(M, K, d)


def refine(rows: Tensor, codebooks: Tensor, codes: Tensor, rounds: int, perturbations: int, seed: int) -> None:
    """Better codes (n, M), in place, by iterated local search."""
    M, K, d = codebooks.shape
    flat = codebooks.reshape(M * K, d)
    norms = flat.square().sum(dim=1)
    # [m, j, code of j, code of m]
    binary = (2 * flat @ flat.T).reshape(M, K, M, K).permute(0, 2, 3, 1).contiguous()
    block = max(1, _BLOCK_VALUES // (M * K))
    for start in range(0, len(rows), block):
        part = slice(start, start + block)
        unary = (rows[part] @ (-2 * flat.T) + norms).reshape(-1, M, K)
        state = _first_states(seed, start, len(unary), rows.device)
        codes[part] = _refined(unary, binary, codes[part], rounds, perturbations, state)


def _refined(unary: Tensor, binary: Tensor, codes: Tensor, rounds: int, perturbations: int, state: Tensor) -> Tensor:
    best, least = codes, _objective(unary, binary, codes)
    for _ in range(rounds):
        current = best.clone()
        state = _perturbed(current, perturbations, unary.shape[2], state)
        _descend(unary, binary, current)
        reached = _objective(unary, binary, current)
        better = reached < least
        best = torch.where(better[:, None], current, best)
        least = torch.where(better, reached, least)
    return best


def _descend(unary: Tensor, binary: Tensor, codes: Tensor) -> None:
    """Renew the codes in turn, in place, until a sweep changes none, or SWEEPS times."""
    M = codes.shape[1]
    for _ in range(SWEEPS):
        before = codes.clone()
        for m in range(M):
            terms = unary[:, m].clone()
            for step in range(1, M):  # in the order in which the compiled search adds them
                j = (m + step) % M
                terms += binary[m, j].index_select(0, codes[:, j])
            codes[:, m] = terms.argmin(dim=1)
        if torch.equal(before, codes):
            break


def _objective(unary: Tensor, binary: Tensor, codes: Tensor) -> Tensor:
    total = torch.zeros(len(codes), dtype=torch.float64, device=codes.device)
    for m in range(codes.shape[1]):
        total += unary[:, m].gather(1, codes[:, m : m + 1])[:, 0]
        for j in range(m):
            total += binary[m, j][codes[:, j], codes[:, m]]
    return total


def _first_states(seed: int, start: int, n: int, device: torch.device) -> Tensor:
    """One state of the random numbers for each row, from the seed and the row's number alone."""
    return _mix(_signed(seed) ^ _mix(torch.arange(start + 1, start + n + 1, device=device)))


def _perturbed(codes: Tensor, perturbations: int, K: int, state: Tensor) -> Tensor:
    """Set random codes, in place and one after another: a later one may undo an earlier one."""
    for _ in range(perturbations):
        state = state + _signed(0x9E3779B97F4A7C15)
        bits = _mix(state)
        codes.scatter_(1, (_shifted(bits, 32) % codes.shape[1])[:, None], ((bits & 0xFFFFFFFF) % K)[:, None])
    return state


def _mix(z: Tensor) -> Tensor:
    """The splitmix64 finaliser in signed integers, whose products wrap as unsigned ones do."""
    z = (z ^ _shifted(z, 30)) * _signed(0xBF58476D1CE4E5B9)
    z = (z ^ _shifted(z, 27)) * _signed(0x94D049BB133111EB)
    return z ^ _shifted(z, 31)


def _shifted(z: Tensor, bits: int) -> Tensor:
    """z shifted right as an unsigned number."""
    return (z >> bits) & ((1 << (64 - bits)) - 1)


def _signed(value: int) -> int:
    """The signed 64-bit integer with the bits of `value`."""
    return value - (1 << 64) if value >= 1 << 63 else value
