"""The rows a quantizer sees: their order and their centre, as a protocol asks."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import dataclass
from typing import final

import numpy as np

from lmgeo.core.arrays import Float32, Float64, Int, ndarray
from lmgeo.core.once import made_once
from lmgeo.core.seeds import numpy_stream
from lmgeo.core.spec.protocol import QuantizerProtocol

_HIGHEST = 900  # power of two up to which rows and their sums stay within float64
_BLOCK = 1_024  # rows in float64 at once: a core's cache holds them


@final
@dataclass(frozen=True)
class QuantizerRows:
    """Rows ready to be quantized, with what all quantizers of them share.

    Attributes:
        values: the rows, C-ordered, without negative zeros.
        device: where a backend that can work elsewhere than on the CPU does so.
    """

    values: Float32[ndarray, "n d"]
    device: str = "cpu"

    @classmethod
    def of(cls, X: ndarray, protocol: QuantizerProtocol, seed: int, device: str = "cpu") -> QuantizerRows:
        """`X` (n, d) in the protocol's order, centred in float64 if it says so, then float32.

        All are scaled by one power of two, which is exact and moves no quantized measure, so
        that squares of very large or very small values stay within float32.
        """
        order = np.arange(X.shape[0]) if protocol.order == "input" else canonical_order(X, seed)
        exponent = np.frexp(max(float(X.max()), -float(X.min())))[1]
        if exponent > _HIGHEST:  # sums of such rows leave float64
            X, exponent = np.ldexp(X, -exponent), 0
        mean = _mean(X, order) if protocol.centred else X.dtype.type(0)  # of the same type: nothing is converted
        values = np.empty(X.shape, dtype=np.float32)
        for start in range(0, X.shape[0], _BLOCK):
            at = slice(start, start + _BLOCK)
            values[at] = np.ldexp(X[order[at]] - mean, -exponent)
        values += np.float32(0)  # −0 + 0 = +0: equal rows are equal bytes
        return cls(values, device)

    @made_once
    def sum_of_squares(self) -> float:
        """Σ‖x‖² over the rows as they are quantized."""
        return float(sum(np.einsum("nd,nd->", rows, rows) for _, rows in self.blocks()))

    @made_once
    def sum_of_squares_centred(self) -> float:
        """Σ‖x − x̄‖², around the mean of the rows."""
        mean = _mean(self.values, np.arange(len(self.values)))
        return float(sum(((rows - mean) ** 2).sum() for _, rows in self.blocks()))

    @made_once
    def ids(self) -> Int[ndarray, " n"]:
        """One number for each distinct row: equal rows have equal ids."""
        order = np.argsort(_as_void(self.values))
        new = np.zeros(len(order), dtype=np.int64)
        for start in range(1, len(order), _BLOCK):
            at = slice(start, start + _BLOCK)
            before = order[start - 1 : min(start + _BLOCK, len(order)) - 1]
            new[at] = (self.values[order[at]] != self.values[before]).any(axis=1)
        ids = np.empty(len(order), dtype=np.int64)
        ids[order] = np.cumsum(new)
        return ids

    def parts(self) -> list[slice]:
        """Blocks of rows, each small enough to be copied to float64."""
        return [slice(i, min(i + _BLOCK, len(self.values))) for i in range(0, len(self.values), _BLOCK)]

    def blocks(self) -> Iterator[tuple[slice, Float64[ndarray, "b d"]]]:
        """The rows in float64, a block at a time, with where each block stands."""
        for at in self.parts():
            yield at, self.values[at].astype(np.float64)


def canonical_order(X: ndarray, seed: int) -> Int[ndarray, " n"]:
    """An order of the rows of `X` (n, d) that does not depend on how they came.

    The rows are sorted lexicographically by value (first column first; +0 and −0 are
    equal), and the sorted list is then permuted by the stream `row_order` of `seed`.
    Sorting by value, and not by a hash, leaves the order as it is when all rows are
    shifted or scaled by a positive factor. Equal rows are interchangeable.
    """
    # in big-endian bytes a memory comparison of two rows is their numeric comparison
    sorted_rows = np.argsort(_as_void(_ordered_bytes(X)))
    return sorted_rows[numpy_stream(seed, "row_order").permutation(X.shape[0])]


def _ordered_bytes(X: ndarray) -> ndarray:
    """Unsigned big-endian integers that sort bytewise as the finite floats of `X` do."""
    bits, kind = (32, np.float32) if X.dtype.itemsize <= 4 else (64, np.float64)
    word = np.dtype(f"u{bits // 8}")
    top = word.type(1 << (bits - 1))
    keys = np.add(X, 0.0, dtype=kind, order="C").view(word)  # −0 + 0 = +0
    for start in range(0, len(keys), _BLOCK):
        block = keys[start : start + _BLOCK]
        block ^= np.where(block & top, ~word.type(0), top)
    return keys.byteswap(inplace=True) if sys.byteorder == "little" else keys


def _as_void(X: ndarray) -> ndarray:
    """Each row of a C-ordered array as one opaque value, compared as memory is."""
    return X.view(np.dtype((np.void, X.itemsize * X.shape[1]))).ravel()


def _mean(X: ndarray, order: Int[ndarray, " n"]) -> Float64[ndarray, " d"]:
    """Column means, summed in the given order so that they do not depend on how rows came."""
    first = X[order[0]].astype(np.float64)  # differences to a row keep their digits under huge means
    total = np.zeros(X.shape[1])
    for start in range(0, X.shape[0], _BLOCK):
        total += (X[order[start : start + _BLOCK]] - first).sum(axis=0)
    return first + total / X.shape[0]
