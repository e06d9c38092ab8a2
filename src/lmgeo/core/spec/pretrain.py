"""One training run of a language model, fully determined."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, Literal

from pydantic import Field, model_validator

from lmgeo.core.errors import suggestion
from lmgeo.core.spec.base import Strict
from lmgeo.core.spec.sizes import SIZES

Architecture = Literal["olmo2", "stablelm", "gpt_neox", "bert", "modernbert"]
Schedule = Literal["linear", "cosine", "constant", "wsd"]
MASKED = frozenset({"bert", "modernbert"})
# what is observed along a run and how it is carried out: the trained model is the same without
OBSERVED = frozenset({"minutes", "log_checkpoints", "even_checkpoints"})
# what a size's name says by itself
SHAPE = ("width", "layers", "heads")
WIDTH_OF_A_HEAD = 32  # where no number of heads is given

_MASKED_DEFAULTS: dict[str, Any] = {
    "vocabulary": 3000,
    "learning_rate": 5e-3,
    "weight_decay": 0.01,
    "warmup_fraction": 0.05,
    "schedule": "linear",
    "beta2": 0.98,
    "batch_size": 64,
}
_CAUSAL_DEFAULTS: dict[str, Any] = {
    "vocabulary": 2048,
    "learning_rate": 4e-3,
    "weight_decay": 0.1,
    "warmup_fraction": 0.05,
    "schedule": "cosine",
    "final_fraction": 0.1,
    "beta2": 0.95,
    "batch_size": 16,
}


class PretrainSpec(Strict):
    """One training run of a masked or a causal language model.

    `steps` or `tokens` fixes the run; `minutes` is only a limit that marks the run as failed. Of `bert` and
    `modernbert` the objective is masked tokens, of the others the next token. Defaults that hang on the
    objective are filled in before anything is checked, so a resolved spec says them all.
    """

    architecture: Architecture = "modernbert"
    size: str | None = Field(None, description=f"width, layers and heads by name: {', '.join(SIZES)}")
    width: int = Field(64, ge=8)
    layers: int = Field(2, ge=1)
    heads: int | None = Field(None, ge=1, description="default: one per 32 of width, at least one")
    tied: bool = Field(False, description="one matrix for embedding and unembedding; encoders always share it")
    parallel: bool | None = Field(None, description="attention and MLP side by side: default for gpt_neox alone")
    vocabulary: int = Field(3000, ge=300)
    max_length: int = Field(128, ge=8, description="tokens of a training sequence, special ones included")
    corpus: str = "pydocs"
    steps: int = Field(0, ge=0, description="optimizer steps; 1,200 where neither steps nor tokens are given")
    tokens: int | None = Field(None, ge=1, description="train until this many tokens, instead of a number of steps")
    batch_size: int = Field(64, ge=1, description="sequences a step")
    batch_tokens: int | None = Field(None, ge=1, description="tokens a step in place of batch_size, causal models only")
    micro_batch: int | None = Field(None, ge=1, description="sequences a pass; gradients of a step's passes add up")
    learning_rate: float = Field(5e-3, gt=0, description="at the peak")
    learning_rate_factor: float = Field(1.0, gt=0, description="multiplies learning_rate")
    schedule: Schedule = Field("linear", description="after the warm-up; wsd: constant, then a linear decay")
    final_fraction: float = Field(0.0, ge=0, le=1, description="what the rate falls towards, over the peak")
    decay_fraction: float = Field(0.2, gt=0, le=1, description="share of the steps that wsd decays over")
    warmup_fraction: float = Field(0.05, ge=0, le=1)
    weight_decay: float = Field(0.01, ge=0)
    beta1: float = Field(0.9, ge=0, lt=1)
    beta2: float = Field(0.98, ge=0, lt=1)
    clip: float = Field(1.0, gt=0, description="the gradient's norm at most")
    mask_fraction: float = Field(0.3, gt=0, lt=1)
    dropout: float = Field(0.0, ge=0, lt=1, description="olmo2 has it in attention alone")
    precision: Literal["float32", "bfloat16"] = Field("float32", description="of the passes; weights stay float32")
    compile: bool = Field(False, description="torch.compile: other rounding, for long runs of causal models")
    seed: int = Field(0, ge=0)
    log_checkpoints: bool = Field(False, description="look at the model at steps 0, 1, 2, 4, 8 …")
    even_checkpoints: int = Field(0, ge=0, description="and at this many evenly spaced steps, the last one included")
    keep_checkpoints: bool = Field(False, description="keep each as a checkpoint folder step-N")
    minutes: float | None = Field(None, gt=0)

    @property
    def masked(self) -> bool:
        """Whether the objective is masked tokens rather than the next one."""
        return self.architecture in MASKED

    @property
    def peak_rate(self) -> float:
        """The learning rate at the end of the warm-up, to twelve digits: 0.1 × 0.1 is 0.01, as it would be written."""
        return float(f"{self.learning_rate * self.learning_rate_factor:.12g}")

    @property
    def head_count(self) -> int:
        """Attention heads as asked; else one per 32 of width, or the next fewer that the width can be shared among."""
        wanted = self.heads or max(1, self.width // WIDTH_OF_A_HEAD)
        return next(heads for heads in range(wanted, 0, -1) if self._shared_by(heads))

    def _shared_by(self, heads: int) -> bool:
        return self.width % (heads * self._head_step) == 0

    @property
    def _head_step(self) -> int:
        """What a head's width must be a multiple of: rotary positions turn pairs of coordinates."""
        return 1 if self.architecture == "bert" else 2

    @property
    def in_parallel(self) -> bool:
        """Whether attention and MLP stand side by side."""
        return self.architecture == "gpt_neox" if self.parallel is None else self.parallel

    @property
    def planned_steps(self) -> int | None:
        """Optimizer steps; None for a masked run by tokens, which only its text can tell."""
        if self.tokens is None:
            return self.steps
        return None if self.masked else -(-self.tokens // (self.batch_size * self.max_length))

    @property
    def planned_tokens(self) -> int | None:
        """Tokens that a causal run sees; None for a masked one, whose sequences differ in length."""
        steps = self.planned_steps
        return None if self.masked or steps is None else steps * self.batch_size * self.max_length

    @model_validator(mode="before")
    @classmethod
    def _filled(cls, raw: Any) -> Any:
        if not isinstance(raw, Mapping):
            return raw
        masked = str(raw.get("architecture", "modernbert")) in MASKED
        filled = {**(_MASKED_DEFAULTS if masked else _CAUSAL_DEFAULTS), **raw}
        filled = _one_length(_shaped(filled))
        return _in_sequences(filled, masked, raw.get("batch_size"))

    @model_validator(mode="after")
    def _possible(self) -> PretrainSpec:
        if self.masked and self.parallel:
            raise ValueError(f"{self.architecture} has no parallel blocks: give stablelm or gpt_neox")
        if self.architecture == "olmo2" and self.parallel:
            raise ValueError("transformers has no OLMo2 with parallel blocks: give stablelm, sequential or parallel")
        if self.masked and self.compile:
            raise ValueError("compile is for causal models: batches of masked ones differ in shape at every step")
        if not self._shared_by(self.heads or 1):
            least = (self.heads or 1) * self._head_step
            raise ValueError(
                f"heads {self.heads or 1} do not share width {self.width}"
                f"{' in pairs' if self._head_step == 2 else ''}: give a width that is a multiple of {least}"
            )
        if not 0 < self.peak_rate < math.inf:
            raise ValueError(
                f"learning_rate times learning_rate_factor is {self.peak_rate:g}: give a finite rate above 0"
            )
        if self.keep_checkpoints and not (self.log_checkpoints or self.even_checkpoints):
            raise ValueError("keep_checkpoints has none to keep: give log_checkpoints or even_checkpoints too")
        return self


def _one_length(raw: dict[str, Any]) -> dict[str, Any]:
    """Steps or tokens, never both, never none."""
    if raw.get("steps") and raw.get("tokens"):
        raise ValueError("give steps or tokens, not both")
    if not raw.get("tokens") and "steps" not in raw:
        return {**raw, "steps": 1200}
    if raw.get("steps") == 0 and not raw.get("tokens"):
        raise ValueError("steps must be 1 or more")
    return raw


def _shaped(raw: dict[str, Any]) -> dict[str, Any]:
    """A size's name written out; figures given beside it must be its own, as in a resolved spec."""
    name = raw.get("size")
    if name is None:
        return raw
    if str(name) not in SIZES:
        raise ValueError(f"there is no size {name!r}: {suggestion(str(name), SIZES)}")
    shape = {key: getattr(SIZES[str(name)], key) for key in SHAPE}
    for key, value in shape.items():
        if raw.get(key) not in (None, value):
            raise ValueError(f"size {name} has {key} {value}, and {key} is {raw[key]!r}: give one of the two")
    return {**raw, **shape}


def _in_sequences(raw: dict[str, Any], masked: bool, given: Any) -> dict[str, Any]:
    """`batch_tokens` as a number of sequences: one way to say a batch in a resolved spec."""
    tokens = raw.get("batch_tokens")
    if tokens is None:
        return raw
    if masked:
        raise ValueError("sequences of masked models differ in length: give batch_size")
    length = raw.get("max_length", 128)
    if not isinstance(tokens, int) or not isinstance(length, int) or tokens % length:
        raise ValueError(f"batch_tokens {tokens!r} is no multiple of max_length {length!r}")
    if given not in (None, tokens // length):
        raise ValueError(f"batch_tokens {tokens} is {tokens // length} sequences, and batch_size is {given}: give one")
    return {**raw, "batch_size": tokens // length, "batch_tokens": None}
