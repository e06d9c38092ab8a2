"""What of a training run decides its weights, said in one way however the run was written."""

from __future__ import annotations

from typing import Any

from lmgeo.core.spec.pretrain import OBSERVED, PretrainSpec

# other words for what further fields say: a shape, a batch, a peak rate
_SPELLINGS = frozenset({"size", "batch_tokens", "learning_rate_factor"})


def decisive(spec: PretrainSpec) -> dict[str, Any]:
    """The settings that move the weights, plain JSON: equal for every spelling of one run.

    A size and its figures, tokens and the steps they come to, a factor and the rate it gives, a default and its
    value written out: each pair is one run. What the run has no use for is left out. Where checkpoints are kept,
    their steps are part of what it leaves behind.
    """
    watching = {"minutes"} if spec.keep_checkpoints else OBSERVED
    said = {name: value for name, value in spec.resolved().items() if name not in watching | _SPELLINGS}
    said |= {"heads": spec.head_count, "parallel": spec.in_parallel, "learning_rate": spec.peak_rate}
    if spec.micro_batch and spec.micro_batch >= spec.batch_size:
        said |= {"micro_batch": None}  # a step in one pass, as without it
    if spec.planned_steps is not None:
        said |= {"steps": spec.planned_steps, "tokens": None}
    return {name: value for name, value in said.items() if name not in _idle(spec)}


def _idle(spec: PretrainSpec) -> set[str]:
    """Settings that this run has no use for."""
    idle = {"tied"} if spec.masked else {"mask_fraction"}
    if spec.schedule != "wsd":
        idle.add("decay_fraction")
    return idle | {"final_fraction"} if spec.schedule == "constant" else idle
