"""The blocks of a study beside its models."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from lmgeo.core.spec.base import Strict

TokenPolicy = Literal["all", "content", "last", "mean"]
SamplingPolicy = Literal["uniform", "balanced", "by_length"]


class RepresentSpec(Strict):
    """Which text goes through a model, and which vectors are kept.

    `sampling` is how sequences are drawn: each alike, in equal numbers from each source of the
    corpus (`balanced`), or in equal numbers from bands of length (`by_length`).
    """

    corpus: str = "pydocs"
    sequences: int = Field(1000, ge=1)
    sampling: SamplingPolicy = "uniform"
    sites: list[str] = Field(["final"], min_length=1)
    tokens: TokenPolicy = "all"
    seed: int = Field(0, ge=0)
    products: Literal["float64", "float32"] = Field("float64", description="type in which rows are multiplied")


class MeasureSpec(Strict):
    """Which measures, under which protocol.

    `weights` are `unembedding`, `embedding`, names of parameters, globs, or `all`.
    """

    protocol: str = "default"
    measures: list[str] = Field(["*"], min_length=1)
    weights: list[str] = []


class FinetuneSpec(Strict):
    """One fine-tuning run's settings; the defaults are `run_glue`'s."""

    epochs: float = Field(3, gt=0)
    learning_rate: float = Field(2e-5, gt=0)
    batch_size: int = Field(32, ge=1)
    max_length: int = Field(128, ge=8)
    warmup_fraction: float = Field(0.0, ge=0, le=1)
    weight_decay: float = Field(0.0, ge=0)


class EvaluateSpec(FinetuneSpec):
    """Tasks to fine-tune on and how."""

    tasks: list[str] = Field(min_length=1)
    seeds: list[Annotated[int, Field(ge=0)]] = Field([0], min_length=1)
    train_examples: int | None = Field(None, ge=1)
    eval_examples: int | None = Field(None, ge=1)
    data: str | None = Field(None, description="folder with GLUE's own layout, or hf:")


class AnalyzeSpec(Strict):
    """What the analysis asks of the table."""

    target: str = "score.average"
    measures: list[str] = []
    by: str | None = None
    controls: list[str] = []
    filter: str | None = None
    seed: int = Field(0, ge=0)
