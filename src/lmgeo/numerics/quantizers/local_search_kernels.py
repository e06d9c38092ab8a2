"""Compiled inner loops of additive quantization by local search.

A point x is met by Σₘ c[m, codeₘ]. Its squared error, less ‖x‖², is a sum of unary terms
(‖c‖² − 2x·c, one for each code) and of binary terms (2c·c', one for each pair of codes), both
looked up; a code is renewed by the least of its K terms given the other codes.
"""

from __future__ import annotations

import inspect

import numpy as np
from numba import njit, uint64

from lmgeo.numerics.quantizers.constants import SWEEPS

_GREATEST = np.int32(0x7FFFFFFF)


def _compiled(function):  # type: ignore[no-untyped-def]
    # unwrapped, for what wraps every function of a package (shape checks in tests) cannot be compiled
    return njit(cache=True, nogil=True)(inspect.unwrap(function))


def _inlined(function):  # type: ignore[no-untyped-def]
    return njit(inline="always")(inspect.unwrap(function))


@_inlined
def _mix(z):  # type: ignore[no-untyped-def]
    """The splitmix64 finaliser (Steele et al. 2014): a counter in, random bits out."""
    z = (z ^ (z >> uint64(30))) * uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> uint64(27))) * uint64(0x94D049BB133111EB)
    return z ^ (z >> uint64(31))


# Compilers turn the least of integers into vector code, that of floats not: numbers are compared
# by their bits, with those of negative ones flipped so that they sort as the numbers do.
# Inlined in full, the callers' views of tables need no reference counts: twice as fast.
@_inlined
def _least(own, a, b, c, keys):  # type: ignore[no-untyped-def]
    """The first place of the least of own + a + b + c, K terms each."""
    least = _GREATEST
    for k in range(keys.size):
        bits = np.float32(own[k] + a[k] + b[k] + c[k]).view(np.int32)
        keys[k] = np.int32(bits ^ np.int32(np.int32(bits >> 31) & _GREATEST))
        least = min(least, keys[k])
    # a second pass for the place: a running index would keep the first from using vectors
    place = np.int32(keys.size)
    for k in range(keys.size):
        place = min(place, np.int32(k) if keys[k] == least else np.int32(keys.size))
    return place


@_compiled
def least_of_each(terms, more, places):  # type: ignore[no-untyped-def]
    """For each row of terms (n, K) the first place of the least of it plus `more` (K,), into `places` (n,)."""
    keys = np.empty(more.size, np.int32)
    nothing = np.zeros(more.size, np.float32)
    for i in range(terms.shape[0]):
        places[i] = _least(terms[i], more, nothing, nothing, keys)


@_inlined
def _best_code(unary, binary, codes, m, terms, keys):  # type: ignore[no-untyped-def]
    """The code of codebook m with the least term given the other codes; the first of equals.

    Args:
        unary: (M, K) of one row. binary: (M, M, K, K) with the renewed code last.
        terms, keys: work spaces of (2, K) float32 and K int32.
    """
    M = codes.size
    if M == 4:  # the protocols' number: one pass over three tables
        i, j, k = (m + 1) & 3, (m + 2) & 3, (m + 3) & 3
        return _least(unary[m], binary[m, i, codes[i]], binary[m, j, codes[j]], binary[m, k, codes[k]], keys)
    terms[0] = unary[m]
    terms[1] = 0
    for j in range(M):
        if j != m:
            terms[0] += binary[m, j, codes[j]]
    return _least(terms[0], terms[1], terms[1], terms[1], keys)


@_compiled
def _objective(unary, binary, codes):  # type: ignore[no-untyped-def]
    total = 0.0
    for m in range(codes.size):
        total += unary[m, codes[m]]
        for j in range(m):
            total += binary[m, j, codes[j], codes[m]]
    return total


@_compiled
def _same_but(codes, others, m):  # type: ignore[no-untyped-def]
    same = True
    for j in range(codes.size):
        same &= j == m or codes[j] == others[j]
    return same


@_compiled
def _perturb(codes, perturbations, cells, state):  # type: ignore[no-untyped-def]
    for _ in range(perturbations):
        state += uint64(0x9E3779B97F4A7C15)
        bits = _mix(state)
        codes[(bits >> uint64(32)) % uint64(codes.size)] = (bits & uint64(0xFFFFFFFF)) % uint64(cells)
    return state


@_compiled
def _descend(unary, binary, codes, best, settled, seen, terms, keys):  # type: ignore[no-untyped-def]
    """Renew the codes in turn until a sweep changes none, or SWEEPS times.

    A code whose other codes are as at its last visit (`seen[m]`), or as in the best codes
    where `settled[m]` says that its code is the answer there, is known without a look-up.
    """
    M = codes.size
    for _ in range(SWEEPS):
        changed = False
        for m in range(M):
            if seen[m, m] >= 0 and _same_but(codes, seen[m], m):
                new = seen[m, m]
            elif settled[m] and _same_but(codes, best, m):
                new = best[m]
            else:
                new = _best_code(unary, binary, codes, m, terms, keys)
                seen[m] = codes
                seen[m, m] = new
            if new != codes[m]:
                codes[m] = new
                changed = True
        if not changed:
            break


@_compiled
def refine_block(unary, binary, codes, rounds, perturbations, seed, first):  # type: ignore[no-untyped-def]
    """Iterated local search of a block of rows, in place.

    Args:
        unary: (b, M, K) float32. binary: (M, M, K, K) float32, [m, j, code of j, code of m].
        codes: (b, M) int32: where each row starts and, on return, its best codes.
        rounds: perturbed descents a row; the better codes are kept.
        perturbations: random codes set before each descent.
        seed, first: random numbers hang on the seed and the row's number, first + its place,
            alone, so neither threads nor blocks show in the result.
    """
    n, M = codes.shape
    K = unary.shape[2]
    seen = codes[0].repeat(M).reshape(M, M)
    settled = codes[0] < 0
    terms = np.empty((2, K), np.float32)
    keys = np.empty(K, np.int32)
    current = codes[0].copy()
    for row in range(n):
        state = _mix(seed ^ _mix(uint64(first + row + 1)))
        best = codes[row]
        least = _objective(unary[row], binary, best)
        seen[:] = -1
        settled[:] = False
        for _ in range(rounds):
            current[:] = best
            state = _perturb(current, perturbations, K, state)
            _descend(unary[row], binary, current, best, settled, seen, terms, keys)
            reached = _objective(unary[row], binary, current)
            if reached < least:
                least = reached
                best[:] = current
                for m in range(M):
                    settled[m] = seen[m, m] == best[m] and _same_but(best, seen[m], m)


@_compiled
def add_by_code(rows, codes, sums):  # type: ignore[no-untyped-def]
    """Add each row to the sum of its code: rows (n, d), codes (n,), sums (K, d) float64."""
    for i in range(rows.shape[0]):
        total = sums[codes[i]]
        for j in range(rows.shape[1]):
            total[j] += rows[i, j]
