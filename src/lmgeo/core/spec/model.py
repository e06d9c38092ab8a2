"""How a study names its models: trained here, on a path, or on the hub."""

from __future__ import annotations

from lmgeo.core.spec.base import Strict
from lmgeo.core.spec.pretrain import PretrainSpec

__all__ = ["HubModel", "PathModel", "PretrainSpec"]


class PathModel(Strict):
    """A checkpoint folder."""

    path: str


class HubModel(Strict):
    """A checkpoint on the Hugging Face hub: `ID` or `ID@REVISION`."""

    hf: str
