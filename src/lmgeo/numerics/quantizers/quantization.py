"""What every quantizer gives back, whatever library made it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, final

import numpy as np

from lmgeo.core.arrays import Float32, Float64, Int, ndarray
from lmgeo.core.once import made_once
from lmgeo.numerics.quantizers.rows import QuantizerRows
from lmgeo.numerics.threads import in_threads


@final
@dataclass(frozen=True)
class Quantization:
    """Rows, their codes and the codebooks that decode them: x̂ = Σₘ codebooks[m, codes[m]].

    Attributes:
        rows: the rows that were quantized (centred if the protocol says so).
        codes: for each row its cell in each of the M codebooks, 0 … K−1.
        codebooks: the K centroids of each codebook, in the space of the rows.
        details: what made it: backend and version, training rows, padding, seed.
    """

    rows: QuantizerRows
    codes: Int[ndarray, "n M"]
    codebooks: Float32[ndarray, "M K d"]
    details: dict[str, Any] = field(default_factory=dict)

    @property
    def n(self) -> int:
        """How many rows."""
        return self.rows.values.shape[0]

    @property
    def d(self) -> int:
        """Their width, without padding."""
        return self.rows.values.shape[1]

    @property
    def cells(self) -> int:
        """K, the cells of one codebook."""
        return self.codebooks.shape[1]

    @made_once
    def counts(self) -> Int[ndarray, "M K"]:
        """How many rows lie in each cell; empty cells are there, as 0."""
        return np.stack([np.bincount(column, minlength=self.cells) for column in self.codes.T])

    @made_once
    def errors(self) -> Float64[ndarray, " n"]:
        """‖x − x̂‖ of every row, in float64."""
        return np.concatenate(in_threads(self._errors, self.rows.parts()))

    def _errors(self, part: slice) -> Float64[ndarray, " b"]:
        residual = self.rows.values[part].astype(np.float64)
        for codebook, codes in zip(self.codebooks, self.codes[part].T, strict=True):
            residual -= codebook[codes]
        return np.sqrt(np.einsum("nd,nd->n", residual, residual))
