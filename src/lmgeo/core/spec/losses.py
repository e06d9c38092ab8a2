"""How language models are scored: on which texts, and after what is done to them."""

from __future__ import annotations

import re
from typing import Annotated, TypeVar

from pydantic import Field, field_validator

from lmgeo.core.spec.base import Strict

Bits = Annotated[int, Field(ge=2, le=8)]
MOST_NOISE = 1e30  # times a tensor's first spread: weights beyond it are no float32 numbers
Seed = Annotated[int, Field(ge=0)]
N = TypeVar("N", int, str)
_NAME = re.compile(r"[A-Za-z0-9_-]+")
# a corpus's column is loss.<name>; these are columns of other losses
_TAKEN = re.compile(r"gptq\d*|round\d*|noise.*|finetuned|kept")


class AdaptSpec(Strict):
    """Fine-tuning of a language model on another corpus, a run for each seed.

    `batch_size` counts windows of `max_length` tokens.
    """

    corpus: str
    steps: int = Field(200, ge=1)
    batch_size: int = Field(8, ge=1)
    max_length: int = Field(128, ge=2)
    learning_rate: float = Field(1e-4, gt=0)
    warmup_fraction: float = Field(0.1, ge=0, le=1)
    weight_decay: float = Field(0.0, ge=0)
    seeds: list[Seed] = Field([0], min_length=1)

    @field_validator("seeds")
    @classmethod
    def _each_once(cls, values: list[int]) -> list[int]:
        return _unlike(values)


class LossesSpec(Strict):
    """Which losses of language models are taken.

    `in_domain` and `corpora` name corpora, `corpora` by the name of its column; `in_domain` None is the held-out part
    of what a model was trained on. `gptq` and `round` are bits, `group` the inputs that share a scale (0: all of
    them); `calibration` is a corpus, None the text a model was trained on, of which the held-out part is left out.
    `noise` are multiples of each tensor's spread at initialisation.
    """

    in_domain: str | None = None
    corpora: dict[str, str] = {}
    most_tokens: int = Field(200_000, ge=1)
    gptq: list[Bits] = []
    round: list[Bits] = []
    group: int = Field(0, ge=0)
    calibration: str | None = None
    calibration_sequences: int = Field(128, ge=1)
    noise: list[Annotated[float, Field(gt=0, le=MOST_NOISE)]] = []
    noise_seeds: list[Seed] = Field([0], min_length=1)
    finetune: AdaptSpec | None = None

    @field_validator("corpora")
    @classmethod
    def _usable_names(cls, corpora: dict[str, str]) -> dict[str, str]:
        for name in corpora:
            if not _NAME.fullmatch(name):
                raise ValueError(f"{name!r} is no name of letters, digits, '-' and '_'")
            if _TAKEN.fullmatch(name):
                raise ValueError(f"the name {name!r} is that of another loss")
        return corpora

    @field_validator("noise")
    @classmethod
    def _names_unlike(cls, values: list[float]) -> list[float]:
        _unlike([f"{value:g}" for value in values])  # as the columns are called
        return values

    @field_validator("gptq", "round", "noise_seeds")
    @classmethod
    def _each_once(cls, values: list[int]) -> list[int]:
        return _unlike(values)


def _unlike(values: list[N]) -> list[N]:
    twice = [value for i, value in enumerate(values) if value in values[:i]]
    if twice:
        raise ValueError(f"{twice[0]} stands twice")
    return values
