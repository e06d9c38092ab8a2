"""What pre-training and fine-tuning share: optimizer, learning-rate schedules, seeded dropout."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Literal

import torch
from torch import nn

from lmgeo.core.errors import LmgeoError
from lmgeo.core.seeds import stream_seed

Decay = Literal["linear", "cosine"]
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


def rate_at(step: int, steps: int, peak: float, warmup_fraction: float, decay: Decay) -> float:
    """Learning rate of a step (from 0): linear warm-up to the peak, then decay towards 0 at the end."""
    warmup = math.floor(steps * warmup_fraction)
    if step < warmup:
        return peak * (step + 1) / warmup
    left = (steps - step) / max(1, steps - warmup)  # 1 at the peak
    return peak * (left if decay == "linear" else 0.5 * (1.0 - math.cos(math.pi * left)))


def descend(
    module: nn.Module, optimizer: torch.optim.Optimizer, loss_of: Callable[[], torch.Tensor], rate: float, step: int
) -> float:
    """One step: loss, gradient clipped to norm 1, update. Returns the loss before the update.

    Raises:
        LmgeoError: the loss or its gradient is not finite.
    """
    optimizer.zero_grad(set_to_none=True)
    loss = loss_of()
    value = loss.item()
    if not math.isfinite(value):
        raise _diverged("loss", value, step, rate)
    loss.backward()
    norm = nn.utils.clip_grad_norm_(module.parameters(), MAX_GRADIENT_NORM).item()
    if not math.isfinite(norm):
        raise _diverged("gradient norm", norm, step, rate)
    for group in optimizer.param_groups:
        group["lr"] = rate
    optimizer.step()
    return value


def _diverged(what: str, value: float, step: int, rate: float) -> LmgeoError:
    return LmgeoError(
        f"training diverged: the {what} is {value} at step {step + 1}, learning rate {rate:.3g}",
        "give a smaller learning_rate (a tenth of this one), or a longer warm-up",
    )


@contextmanager
def torch_stream(seed: int, *names: str) -> Iterator[None]:
    """Torch's own draws (dropout, initialisation) from a named stream; its global state is put back."""
    with torch.random.fork_rng(range(torch.cuda.device_count())):
        torch.manual_seed(stream_seed(seed, *names))
        yield
