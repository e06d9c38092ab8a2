"""A quantizer protocol: every setting that moves a quantized measure's value."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, ValidationInfo, field_validator

from lmgeo.core.spec.base import MOST_THREADS, Strict


class QuantizerProtocol(Strict):
    """All settings of the quantized measures; part of their identity.

    Attributes:
        name: what users call it.
        codebooks: M, the number of codebooks.
        bits: each codebook has 2**bits cells.
        centred: rows less their column means (in float64) before quantizing.
        order: rows as they come, or in a seeded order that does not depend on how they came.
        pq_train_rows, lsq_train_rows, rq_train_rows: most rows a quantizer is trained on; None: all.
        lsq_iterations: training iterations of the additive quantizer.
        lsq_train_rounds, lsq_encode_rounds: local-search rounds in training and encoding.
        lsq_perturbations: codes perturbed a round.
        rq_beam: candidates that the residual quantizer keeps of each row from one codebook to the next.
        rq_steps: numbers of principal axes, growing up to all, that its k-means goes through.
        rq_iterations: k-means iterations in each of these steps.
        seeds: how many seeds; None: the library's own fixed seed, once.
        threads: OpenMP threads.
        backend: which implementation trains the product and the additive quantizer; the residual one is FAISS's.
    """

    name: str
    codebooks: int = Field(4, ge=1, le=64)
    bits: int = Field(8, ge=1, le=12)
    centred: bool = True
    order: Literal["input", "canonical"] = "canonical"
    pq_train_rows: int | None = Field(65_536, ge=1)
    lsq_train_rows: int | None = Field(65_536, ge=1)
    lsq_iterations: int = Field(25, ge=1)
    lsq_train_rounds: int = Field(8, ge=1)
    lsq_encode_rounds: int = Field(16, ge=1)
    lsq_perturbations: int = Field(4, ge=0)
    rq_train_rows: int | None = Field(65_536, ge=1)
    rq_beam: int = Field(5, ge=1, le=64)
    rq_steps: int = Field(10, ge=1)
    rq_iterations: int = Field(10, ge=1)
    seeds: int | None = Field(3, ge=1)
    threads: int = Field(2, ge=1, le=MOST_THREADS)
    backend: Literal["faiss", "numba", "torch"] = "faiss"

    @field_validator("pq_train_rows", "lsq_train_rows", "rq_train_rows")
    @classmethod
    def _one_for_each_cell(cls, rows: int | None, info: ValidationInfo) -> int | None:
        cells = 2 ** info.data.get("bits", 0)
        if rows is not None and rows < cells:
            raise ValueError(f"fewer rows than the {cells} cells of a codebook")
        return rows

    @property
    def cells(self) -> int:
        """K, the cells of one codebook."""
        return 2**self.bits
