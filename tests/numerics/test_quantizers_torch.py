"""The additive quantizer on torch against the compiled one and against FAISS's."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from lmgeo.core.spec.protocol import QuantizerProtocol
from lmgeo.numerics import cells
from lmgeo.numerics.quantizers import local_search_numba, local_search_torch
from lmgeo.numerics.quantizers.local_search import local_search_quantization
from lmgeo.numerics.quantizers.rows import QuantizerRows

SMALL = QuantizerProtocol(name="small", codebooks=4, bits=4, threads=1, lsq_iterations=5, backend="numba")
BUDGET = QuantizerProtocol(name="budget", threads=2, lsq_iterations=6, lsq_encode_rounds=8)


def rows_of(n: int = 700, d: int = 12) -> QuantizerRows:
    rng = np.random.default_rng(0)
    return QuantizerRows.of(rng.gamma(2.0, size=(n, d)) @ rng.normal(size=(d, d)), SMALL, 0)


@pytest.mark.parametrize("M", [1, 2, 3, 4, 6])
def test_one_search_gives_the_codes_of_the_compiled_one(M: int) -> None:
    """From the same codebooks, starts and random numbers."""
    rng = np.random.default_rng(M)
    rows = rng.normal(size=(400, 8)).astype(np.float32)
    books = rng.normal(size=(M, 16, 8)).astype(np.float32)
    start = rng.integers(16, size=(400, M), dtype=np.int32)
    setting = SMALL.model_copy(update={"codebooks": M})
    compiled = start.copy()
    local_search_numba.refine(rows, books, compiled, 6, setting, 2**63 + 5)
    on_torch = torch.from_numpy(start.astype(np.int64))
    local_search_torch.refine(torch.from_numpy(rows), torch.from_numpy(books), on_torch, 6, 4, 2**63 + 5)
    assert (compiled == on_torch.numpy()).all(axis=1).mean() > 0.995
    assert (compiled != start).any()


def test_codebooks_are_those_of_the_compiled_one() -> None:
    rows = rows_of().values
    codes = np.random.default_rng(1).integers(16, size=(len(rows), 4), dtype=np.int32)
    compiled = local_search_numba.fit_codebooks(rows, codes, 16, 1)
    on_torch = local_search_torch.fit_codebooks(torch.from_numpy(rows), torch.from_numpy(codes).long(), 16)
    np.testing.assert_allclose(on_torch.numpy(), compiled, rtol=1e-9, atol=1e-10)


def test_blocks_do_not_show(monkeypatch: pytest.MonkeyPatch) -> None:
    setting = SMALL.model_copy(update={"backend": "torch"})
    one = local_search_quantization(rows_of(), setting, 1)
    monkeypatch.setattr(local_search_torch, "_BLOCK_VALUES", 64 * 64)
    two = local_search_quantization(rows_of(), setting, 1)
    assert (one.codes == two.codes).all(axis=1).mean() > 0.99
    assert one.details["backend"] == "torch"


@pytest.mark.parametrize("backend", ["faiss", "numba"])
def test_as_good_as_the_others(backend: str) -> None:
    """Mean of three seeds: the error within 1 %, patchiness within the seeds' own spread."""
    rng = np.random.default_rng(2)
    centres = rng.normal(size=(60, 24)) * 2
    X = centres[rng.choice(60, size=1_500, p=rng.dirichlet(np.full(60, 0.5)))] + 0.6 * rng.normal(size=(1_500, 24))
    rows = QuantizerRows.of(X, BUDGET, 0)
    found = {}
    for name in ("torch", backend):
        setting = BUDGET.model_copy(update={"backend": name})
        runs = [local_search_quantization(rows, setting, seed) for seed in (1, 2, 3)]
        found[name] = np.array([((q.errors**2).sum(), cells.patchiness(q.counts)) for q in runs])
    doubt = 3 * np.sqrt(sum(runs.var(axis=0, ddof=1) for runs in found.values()) / 3)
    error, patchiness = np.abs(found["torch"].mean(axis=0) - found[backend].mean(axis=0))
    assert error < max(0.01 * found[backend][:, 0].mean(), doubt[0])
    assert patchiness < max(0.005, doubt[1])


@pytest.mark.skipif(not torch.cuda.is_available(), reason="no GPU here")
def test_a_gpu_gives_an_equal_search() -> None:
    setting = SMALL.model_copy(update={"backend": "torch"})
    there = QuantizerRows(rows_of().values, "cuda")
    errors = [(local_search_quantization(r, setting, 1).errors ** 2).sum() for r in (rows_of(), there)]
    assert errors[1] == pytest.approx(errors[0], rel=0.01)
