"""Additive quantization by local search on torch: the search of `local_search_numba`, many rows at a time.

Same starts, same random numbers, same steps: on one device the codes are those of the compiled
search but where rounding decides between two codes. It is meant for a GPU, where a sweep over
many rows is one look-up and an argmin; on a CPU the compiled one is the faster.
"""

from __future__ import annotations

import math
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import embedding_bag

from lmgeo.core.seeds import numpy_stream, stream_seed
from lmgeo.core.spec.protocol import QuantizerProtocol
from lmgeo.numerics.quantizers.constants import POWER, RIDGE, SWEEPS
from lmgeo.numerics.quantizers.quantization import Quantization
from lmgeo.numerics.quantizers.random_codes_torch import first_states, perturbed
from lmgeo.numerics.quantizers.rows import QuantizerRows

_BLOCK_VALUES = 2**27  # of unary terms at a time: 512 MB, so that a cloud is a few long launches


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
    shape = (M, K, rows.shape[1])
    with ThreadPoolExecutor(1) as beside:  # the next noise is drawn while the device searches
        ahead = beside.submit(stream.standard_normal, shape)
        for iteration in range(1, iterations + 1):
            noise = torch.from_numpy(ahead.result())
            if iteration < iterations:
                ahead = beside.submit(stream.standard_normal, shape)
            temperature = math.pow(1 - iteration / iterations, POWER)
            fitted = fit_codebooks(rows, codes, K)
            codebooks = (fitted + temperature / M * deviation * noise.to(rows.device)).float()
            own = stream_seed(seed, "local_search", f"iteration {iteration}")
            refine(rows, codebooks, codes, protocol.lsq_train_rounds, protocol.lsq_perturbations, own)
    return codebooks


def fit_codebooks(rows: Tensor, codes: Tensor, K: int) -> Tensor:
    """The codebooks of least squared error for given codes, with a ridge, in float64."""
    M, d = codes.shape[1], rows.shape[1]
    places = codes + K * torch.arange(M, device=rows.device)
    sums, exact = torch.zeros(M * K, d, dtype=torch.float64, device=rows.device), rows.double()
    for m in range(M):
        sums.index_add_(0, places[:, m], exact)
    pairs = (places[:, :, None] * (M * K) + places[:, None, :]).reshape(-1)
    together = torch.bincount(pairs, minlength=(M * K) ** 2).reshape(M * K, M * K).double()
    together.diagonal().add_(RIDGE)
    return torch.cholesky_solve(sums, torch.linalg.cholesky(together)).reshape(M, K, d)


def refine(rows: Tensor, codebooks: Tensor, codes: Tensor, rounds: int, perturbations: int, seed: int) -> None:
    """Better codes (n, M), in place, by iterated local search."""
    M, K = codebooks.shape[:2]
    terms = _Terms(codebooks, min(len(rows), max(1, _BLOCK_VALUES // (M * K))))
    for start in range(0, len(rows), terms.block):
        part = slice(start, start + terms.block)
        terms.set_rows(rows[part])
        state = first_states(seed, start, len(rows[part]), rows.device)
        codes[part] = _refined(terms, codes[part], rounds, perturbations, state)


class _Terms:
    """The terms of a block's rows, K a line, in one table, so that a sum of them is one look-up of M lines.

    First the binary ones by [m, j, code of j], then the unary ones by [row, m].
    """

    def __init__(self, codebooks: Tensor, block: int) -> None:
        self.M, self.K, d = codebooks.shape
        self.block = block
        flat = codebooks.reshape(-1, d)
        self._books, self._norms = -2 * flat.T, flat.square().sum(dim=1)
        self._table = torch.empty(self.M * (self.M * self.K + block), self.K, device=flat.device)
        binary = (2 * flat @ flat.T).reshape(self.M, self.K, self.M, self.K)
        self._table[: self.M * self.M * self.K] = binary.permute(0, 2, 3, 1).reshape(-1, self.K)
        self._rows = self.M * self.M * self.K + self.M * torch.arange(block, device=flat.device)
        order = torch.arange(self.M, device=flat.device)
        self._pairs = self.K * (self.M * order[:, None] + (order[:, None] + order) % self.M)

    def set_rows(self, rows: Tensor) -> None:
        """Look at these rows (at most `block`, d) from now on."""
        unary = self._table[self.M * self.M * self.K :].view(self.block, -1)[: len(rows)]
        torch.mm(rows, self._books, out=unary).add_(self._norms)

    def best_codes(self, rows: Tensor, codes: Tensor, m: int) -> Tensor:
        """For each of `rows` the code of codebook m with the least sum of terms, given the row's other codes."""
        # the unary line first, in the order in which the compiled search adds them
        lines = codes.roll(-m, dims=1) + self._pairs[m]
        lines[:, 0] = self._rows[rows] + m
        return embedding_bag(lines, self._table, mode="sum").argmin(dim=1)

    def objective(self, codes: Tensor) -> Tensor:
        """The squared error of each row, less the row's own square, in float64."""
        total = torch.zeros(len(codes), dtype=torch.float64, device=codes.device)
        for m in range(self.M):
            total += self._table[self._rows[: len(codes)] + m, codes[:, m]]
            for j in range(m):
                total += self._table[self.K * (self.M * m + j) + codes[:, j], codes[:, m]]
        return total


def _refined(terms: _Terms, codes: Tensor, rounds: int, perturbations: int, state: Tensor) -> Tensor:
    best, least = codes, terms.objective(codes)
    for _ in range(rounds):
        current = best.clone()
        state = perturbed(current, perturbations, terms.K, state)
        _descend(terms, current)
        reached = terms.objective(current)
        better = reached < least
        best = torch.where(better[:, None], current, best)
        least = torch.where(better, reached, least)
    return best


def _descend(terms: _Terms, codes: Tensor) -> None:
    """Renew the codes of each row in turn, in place, until a sweep changes none of the row's, or SWEEPS times."""
    active = torch.arange(len(codes), device=codes.device)
    for _ in range(SWEEPS):
        before = codes[active]
        current = before.clone()
        for m in range(terms.M):
            current[:, m] = terms.best_codes(active, current, m)
        codes[active] = current
        active = active[(current != before).any(dim=1)]
        if not len(active):
            break
