"""The compiled additive quantizer against FAISS's and against a plain search."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from lmgeo.core.spec.protocol import QuantizerProtocol
from lmgeo.numerics import cells
from lmgeo.numerics.quantizers import local_search_kernels as kernels
from lmgeo.numerics.quantizers import local_search_numba
from lmgeo.numerics.quantizers.local_search import local_search_quantization
from lmgeo.numerics.quantizers.rows import QuantizerRows

SMALL = QuantizerProtocol(name="small", codebooks=3, bits=4, threads=1, lsq_iterations=5, backend="numba")
BUDGET = QuantizerProtocol(name="budget", threads=2, lsq_iterations=5)
CLOUDS = Path(__file__).resolve().parents[1] / "reference" / "clouds.py"


def reference_cloud(name: str) -> np.ndarray:
    spec = importlib.util.spec_from_file_location("reference_clouds", CLOUDS)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.make(name)


def rows_of(n: int = 700, d: int = 12) -> QuantizerRows:
    rng = np.random.default_rng(0)
    return QuantizerRows.of(rng.gamma(2.0, size=(n, d)) @ rng.normal(size=(d, d)), SMALL, 0)


@pytest.mark.parametrize("name", ["clusters", "ball", "outlier_dims"])
def test_as_good_as_faiss(name: str) -> None:
    rows = QuantizerRows(QuantizerRows.of(reference_cloud(name), BUDGET, 0).values[:1_500])
    found: dict[str, np.ndarray] = {}
    for backend in ("faiss", "numba"):
        setting = BUDGET.model_copy(update={"backend": backend})
        runs = [local_search_quantization(rows, setting, seed) for seed in (1, 2, 3)]
        found[backend] = np.array([((q.errors**2).sum(), cells.patchiness(q.counts)) for q in runs])
    means = {backend: runs.mean(axis=0) for backend, runs in found.items()}
    doubt = 3 * np.sqrt(sum(runs.var(axis=0, ddof=1) for runs in found.values()) / 3)
    error, patchiness = np.abs(means["numba"] - means["faiss"])
    assert error < max(0.01 * means["faiss"][0], doubt[0])
    assert patchiness < max(0.005, doubt[1])


def test_threads_and_blocks_do_not_show(monkeypatch: pytest.MonkeyPatch) -> None:
    rows = rows_of()
    one = local_search_quantization(rows, SMALL, 1)
    two = local_search_quantization(rows, SMALL.model_copy(update={"threads": 3}), 1)
    np.testing.assert_array_equal(one.codes, two.codes)
    np.testing.assert_array_equal(one.codebooks, two.codebooks)
    monkeypatch.setattr(local_search_numba, "_BLOCK", 64)
    np.testing.assert_array_equal(one.codes, local_search_quantization(rows, SMALL, 1).codes)
    assert (one.codes != local_search_quantization(rows, SMALL, 2).codes).any()


def random_tables(M: int, K: int = 16, d: int = 6) -> tuple[Any, ...]:
    rng = np.random.default_rng(M)
    books = rng.normal(size=(M, K, d)).astype(np.float32)
    flat = books.reshape(M * K, d)
    x = rng.normal(size=(40, d)).astype(np.float32)
    unary = (np.square(flat).sum(1) - 2 * x @ flat.T).reshape(40, M, K)
    binary = np.ascontiguousarray((2 * flat @ flat.T).reshape(M, K, M, K).transpose(0, 2, 3, 1))
    return books, x, unary, binary, rng.integers(K, size=(40, M)).astype(np.int32)


def squared_error(books: np.ndarray, x: np.ndarray, codes: np.ndarray) -> float:
    return float(((x - sum(book[c] for book, c in zip(books, codes, strict=True))) ** 2).sum())


@pytest.mark.parametrize("M", [1, 2, 4, 5])
def test_a_descent_without_perturbation_is_the_plain_one(M: int) -> None:
    books, x, unary, binary, codes = random_tables(M)
    expected = codes.copy()
    for row in range(len(x)):
        start = squared_error(books, x[row], expected[row])
        trial = expected[row].copy()
        for m in np.tile(np.arange(M), kernels.SWEEPS):
            options = np.tile(trial, (16, 1))
            options[:, m] = np.arange(16)
            trial = options[np.argmin([squared_error(books, x[row], o) for o in options])]
        if squared_error(books, x[row], trial) < start:
            expected[row] = trial
    kernels.refine_block(unary, binary, codes, 1, 0, np.uint64(1), 0)
    np.testing.assert_array_equal(codes, expected)


def test_search_never_makes_a_row_worse_and_more_rounds_help() -> None:
    books, x, unary, binary, codes = random_tables(4)
    reached = []
    for rounds in (0, 1, 30):
        renewed = codes.copy()
        kernels.refine_block(unary, binary, renewed, rounds, 4, np.uint64(1), 0)
        reached.append(np.array([squared_error(books, a, c) for a, c in zip(x, renewed, strict=True)]))
    assert (reached[1] <= reached[0] + 1e-5).all()
    assert (reached[2] <= reached[1] + 1e-5).all()
    assert reached[2].sum() < reached[1].sum() < reached[0].sum()


def test_codebooks_are_the_ridge_solution() -> None:
    rng = np.random.default_rng(1)
    rows, codes = rng.normal(size=(200, 5)).astype(np.float32), rng.integers(8, size=(200, 3)).astype(np.int32)
    chosen = np.zeros((200, 24))
    chosen[np.arange(200)[:, None], codes + 8 * np.arange(3)] = 1
    expected = np.linalg.solve(chosen.T @ chosen + 0.01 * np.eye(24), chosen.T @ rows)
    found = local_search_numba.fit_codebooks(rows, codes, 8, 2)
    np.testing.assert_allclose(found.reshape(24, 5), expected, rtol=1e-6, atol=1e-8)


@pytest.mark.parametrize("X", [np.zeros((300, 4)), np.ones((300, 4)), np.eye(300)[:, :3]])
def test_clouds_of_few_distinct_rows(X: np.ndarray) -> None:
    q = local_search_quantization(QuantizerRows.of(X, SMALL, 0), SMALL, 1)
    assert np.isfinite(q.errors).all()
    assert q.errors.max() < 0.1
