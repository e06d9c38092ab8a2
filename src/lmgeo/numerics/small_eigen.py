"""Eigenvalues of many small matrices at once: LAPACK without the interpreter's lock."""

from __future__ import annotations

import inspect

import numpy as np
from numba import njit

from lmgeo.core.arrays import Float32, ndarray


def _compiled(function):  # type: ignore[no-untyped-def]
    # unwrapped, for what wraps every function of a package (shape checks in tests) cannot be compiled
    return njit("float32[::1](float32[:, ::1])", cache=True, nogil=True)(inspect.unwrap(function))


@_compiled
def _eigenvalues(matrix):  # type: ignore[no-untyped-def]
    return np.linalg.eigvalsh(matrix)


def eigenvalues(matrix: Float32[ndarray, "k k"]) -> Float32[ndarray, " k"]:
    """Eigenvalues of a symmetric float32 matrix, ascending; other threads go on meanwhile.

    numpy computes those of float32 in double precision, and scipy keeps the lock.
    """
    return _eigenvalues(np.ascontiguousarray(matrix))
