"""What pre-training and fine-tuning share: optimizer, learning-rate schedules, seeded dropout."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager

import torch
from torch import nn

from lmgeo.core.errors import LmgeoError
from lmgeo.core.seeds import stream_seed
from lmgeo.core.spec.pretrain import Schedule

MAX_GRADIENT_NORM = 1.0
EPSILON = 1e-8


def adamw(module: nn.Module, weight_decay: float, betas: tuple[float, float]) -> torch.optim.AdamW:
    """AdamW with no weight decay on vectors: biases and norm gains."""
    trained = [p for p in module.parameters() if p.requires_grad]
    groups = [
        {"params": [p for p in trained if p.ndim >= 2], "weight_decay": weight_decay},
        {"params": [p for p in trained if p.ndim < 2], "weight_decay": 0.0},
    ]
    return torch.optim.AdamW([g for g in groups if g["params"]], lr=0.0, betas=betas, eps=EPSILON, fused=True)


def rate_at(
    step: int,
    steps: int,
    peak: float,
    warmup_fraction: float,
    schedule: Schedule,
    final_fraction: float = 0.0,
    decay_fraction: float = 0.2,
) -> float:
    """Learning rate of a step (from 0): linear warm-up to the peak, then the schedule.

    `linear` and `cosine` fall towards `final_fraction` of the peak, which the step after the last would have;
    `constant` stays; `wsd` stays and then falls linearly over the last `decay_fraction` of all steps.
    """
    warmup = math.floor(steps * warmup_fraction)
    if step < warmup:
        return peak * (step + 1) / warmup
    left = (steps - step) / max(1, steps - warmup)  # 1 at the peak
    if schedule == "wsd":
        left = min(1.0, (steps - step) / max(1, min(round(steps * decay_fraction), steps - warmup)))
    shape = {"cosine": 0.5 * (1.0 - math.cos(math.pi * left)), "constant": 1.0}.get(schedule, left)
    return peak * (final_fraction + (1.0 - final_fraction) * shape)


def descend(
    module: nn.Module, optimizer: torch.optim.Optimizer, loss_of: Callable[[], torch.Tensor], rate: float, step: int
) -> float:
    """One step: loss, gradient clipped to norm 1, update. Returns the loss before the update.

    Raises:
        LmgeoError: the loss or its gradient is not finite.
    """
    return descend_together(module, optimizer, [loss_of], rate, step, MAX_GRADIENT_NORM)


def descend_together(
    module: nn.Module,
    optimizer: torch.optim.Optimizer,
    losses: Iterable[Callable[[], torch.Tensor]],
    rate: float,
    step: int,
    clip: float,
    total: Callable[[float], float] = float,
    share: Callable[[nn.Module], None] | None = None,
) -> float:
    """One step on the sum of several losses, a pass each: their gradients add up, and are clipped once.

    Args:
        module: what is trained.
        optimizer: its own.
        losses: parts of one loss, each run forward and backward before the next.
        rate: the learning rate.
        step: from 0, for messages.
        clip: the gradient's norm at most.
        total: this process's loss → that of all processes that share the step.
        share: makes this process's gradients those of all.

    Returns:
        The loss before the update.

    Raises:
        Diverged: the loss or its gradient is not finite.
    """
    optimizer.zero_grad(set_to_none=True)
    value = 0.0
    for loss_of in losses:
        loss = loss_of()
        value += loss.item()
        if math.isfinite(value):
            loss.backward()
    value = total(value)
    if not math.isfinite(value):
        raise Diverged.at("loss", value, step, rate)
    if share:
        share(module)
    norm = nn.utils.clip_grad_norm_(module.parameters(), clip).item()
    if not math.isfinite(norm):
        raise Diverged.at("gradient norm", norm, step, rate)
    for group in optimizer.param_groups:
        group["lr"] = rate
    optimizer.step()
    return value


class Diverged(LmgeoError):
    """A training run whose loss or gradient is no number any more."""

    MEND = "give a smaller learning_rate (a tenth of this one), or a longer warm-up"

    @classmethod
    def at(cls, what: str, value: float, step: int, rate: float) -> Diverged:
        """With the figures of the step (from 0) at which it was seen."""
        return cls(
            f"training diverged: the {what} is {value} at step {step + 1}, learning rate {rate:.3g}",
            cls.MEND,
        )


@contextmanager
def torch_stream(seed: int, *names: str) -> Iterator[None]:
    """Torch's own draws (dropout, initialisation) from a named stream; its global state is put back."""
    with torch.random.fork_rng(range(torch.cuda.device_count())):
        torch.manual_seed(stream_seed(seed, *names))
        yield
