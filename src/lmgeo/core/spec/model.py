"""How a study names its models: trained here, on a path, or on the hub."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from pydantic import Field, model_validator

from lmgeo.core.spec.base import Strict


class PretrainSpec(Strict):
    """One training run of a masked language model, fully determined.

    `steps` or `tokens` fixes the run; `minutes` is only a limit that marks the run as failed.
    """

    architecture: Literal["bert", "modernbert"] = "modernbert"
    width: int = Field(64, ge=8)
    layers: int = Field(2, ge=1)
    heads: int | None = Field(None, ge=1, description="default: one per 32 of width, at least one")
    vocabulary: int = Field(3000, ge=300)
    max_length: int = Field(128, ge=8, description="positions, special tokens included")
    corpus: str = "pydocs"
    steps: int = Field(0, ge=0, description="optimizer steps; 1,200 where neither steps nor tokens are given")
    tokens: int | None = Field(None, ge=1, description="train until this many tokens, instead of a number of steps")
    batch_size: int = Field(64, ge=1, description="sequences a step")
    learning_rate: float = Field(5e-3, gt=0)
    weight_decay: float = Field(0.01, ge=0)
    warmup_fraction: float = Field(0.05, ge=0, le=1)
    mask_fraction: float = Field(0.3, gt=0, lt=1)
    dropout: float = Field(0.0, ge=0, lt=1)
    seed: int = Field(0, ge=0)
    minutes: float | None = Field(None, gt=0)

    @model_validator(mode="before")
    @classmethod
    def _one_length(cls, raw: Any) -> Any:
        if not isinstance(raw, Mapping):
            return raw
        if raw.get("steps") and raw.get("tokens"):
            raise ValueError("give steps or tokens, not both")
        if not raw.get("tokens") and "steps" not in raw:
            return {**raw, "steps": 1200}
        if raw.get("steps") == 0 and not raw.get("tokens"):
            raise ValueError("steps must be 1 or more")
        return raw


class PathModel(Strict):
    """A checkpoint folder."""

    path: str


class HubModel(Strict):
    """A checkpoint on the Hugging Face hub: `ID` or `ID@REVISION`."""

    hf: str
