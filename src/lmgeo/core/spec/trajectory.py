"""What is looked at along the training of a study's models."""

from __future__ import annotations

from pydantic import Field

from lmgeo.core.spec.base import Strict
from lmgeo.core.spec.blocks import TokenPolicy

MEASURES = ["effective_rank", "effective_rank_pct", "mean_cosine", "isoscore", "partition_isotropy"]


class TrajectorySpec(Strict):
    """Geometry and held-out loss at every checkpoint, from the training process itself.

    `loss_tokens` is how much of the held-out text the loss is taken on: the same at every checkpoint.
    """

    corpus: str | None = Field(None, description="default: held-out documents of the training corpus")
    sequences: int = Field(100, ge=1)
    sites: list[str] = ["final"]
    tokens: list[TokenPolicy] = ["last", "all"]
    measures: list[str] = Field(MEASURES, min_length=1)
    weights: list[str] = ["unembedding"]
    loss_tokens: int = Field(8192, ge=1)
    seed: int = Field(0, ge=0)
