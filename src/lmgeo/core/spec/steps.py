"""How a study names the steps of a suite of checkpoints."""

from __future__ import annotations

from pydantic import Field

from lmgeo.core.spec.base import Strict


class StepsModel(Strict):
    """Checkpoints along training: a folder of steps or of runs, or `hf:ID` with a revision a step; each is a model."""

    steps: str
    only: list[int] = Field(default_factory=list, description="these steps; default: all")
    every: int | None = Field(None, ge=1, description="steps divisible by this")
    budget_gb: float = Field(20.0, gt=0, description="disk that a downloaded step may take, in each worker")
