"""How a study names its models: trained here, on a path, or on the hub."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from lmgeo.core.spec.base import Strict


class PretrainSpec(Strict):
    """One training run of a masked language model, fully determined.

    `steps` fixes the run; `minutes` is only a limit that marks the run as failed.
    """

    architecture: Literal["bert", "modernbert"] = "modernbert"
    width: int = Field(64, ge=8)
    layers: int = Field(2, ge=1)
    heads: int | None = Field(None, ge=1, description="default: one per 32 of width, at least one")
    vocabulary: int = Field(3000, ge=300)
    max_length: int = Field(128, ge=8, description="positions, special tokens included")
    corpus: str = "pydocs"
    steps: int = Field(1200, ge=1)
    batch_size: int = Field(64, ge=1, description="sequences a step")
    learning_rate: float = Field(5e-3, gt=0)
    weight_decay: float = Field(0.01, ge=0)
    warmup_fraction: float = Field(0.05, ge=0, le=1)
    mask_fraction: float = Field(0.3, gt=0, lt=1)
    dropout: float = Field(0.0, ge=0, lt=1)
    seed: int = Field(0, ge=0)
    minutes: float | None = Field(None, gt=0)


class PathModel(Strict):
    """A checkpoint folder."""

    path: str


class HubModel(Strict):
    """A checkpoint on the Hugging Face hub: `ID` or `ID@REVISION`."""

    hf: str
