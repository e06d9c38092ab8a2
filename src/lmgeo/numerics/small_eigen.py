"""Spectra of many small groups of rows at once: compiled, and LAPACK without the interpreter's lock."""

from __future__ import annotations

import inspect

import numpy as np
from numba import njit

from lmgeo.core.arrays import Float32, Int, ndarray


def _compiled(signature: str):  # type: ignore[no-untyped-def]
    # unwrapped, for what wraps every function of a package (shape checks in tests) cannot be compiled
    return lambda function: njit(signature, cache=True, nogil=True)(inspect.unwrap(function))


@_compiled("float32[::1](float32[:, ::1])")
def _eigenvalues(matrix):  # type: ignore[no-untyped-def]
    return np.linalg.eigvalsh(matrix)


def eigenvalues(matrix: Float32[ndarray, "k k"]) -> Float32[ndarray, " k"]:
    """Eigenvalues of a symmetric float32 matrix, ascending; other threads go on meanwhile.

    numpy computes those of float32 in double precision, and scipy keeps the lock.
    """
    return _eigenvalues(np.ascontiguousarray(matrix))


@_compiled("float32[:, ::1](float32[:, ::1], int64[::1])")
def _centred(rows, chosen):  # type: ignore[no-untyped-def]
    r, d = chosen.size, rows.shape[1]
    mean = np.zeros(d)
    for i in chosen:
        for j in range(d):
            mean[j] += rows[i, j]
    mean /= r
    out = np.empty((r, d), np.float32)
    greatest = np.float32(0)
    for i in range(r):
        for j in range(d):
            out[i, j] = rows[chosen[i], j] - mean[j]
            greatest = max(greatest, abs(out[i, j]))
    out *= np.float32(1) / greatest
    return out


def centred_rows(rows: Float32[ndarray, "n d"], chosen: Int[ndarray, " r"]) -> Float32[ndarray, "r d"]:
    """Some of the rows, not all equal, less their mean in float64, over the greatest entry that leaves."""
    return _centred(rows, chosen)
