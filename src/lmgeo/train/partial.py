"""The half-done state of a training run, kept beside its place until the run is finished."""

from __future__ import annotations

import json
import shutil
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from torch import nn

from lmgeo.core.files import write_bytes

_FILE = "state.safetensors"
LOG_ENTRIES = 100


@dataclass
class RunState:
    """Where a run stands.

    Every draw of a step comes from a stream named by the step, so this and the
    tensors are all that an exact continuation needs.

    Attributes:
        step: steps done.
        seconds: spent so far, over all its sittings.
        losses: the log so far: step, mean loss since the last entry, learning rate.
        recent: losses of the steps since the last entry.
        looks: what was seen of the model at each checkpoint, as plain JSON.
        first_loss: of the first step, before any update.
        highest_loss: of any step.
    """

    step: int = 0
    seconds: float = 0.0
    losses: list[dict[str, float]] = field(default_factory=list)
    recent: list[float] = field(default_factory=list)
    looks: list[dict[str, Any]] = field(default_factory=list)
    first_loss: float | None = None
    highest_loss: float = 0.0

    def add(self, loss: float, rate: float, steps: int) -> None:
        """One more step done; a log entry for about every hundredth of all steps."""
        self.first_loss = loss if self.first_loss is None else self.first_loss
        self.highest_loss = max(self.highest_loss, loss)
        self.step += 1
        self.recent.append(loss)
        if self.step % max(1, steps // LOG_ENTRIES) == 0 or self.step == steps:
            mean = sum(self.recent) / len(self.recent)
            self.losses.append({"step": self.step, "loss": mean, "learning_rate": rate})
            self.recent.clear()


def partial_folder(out: Path) -> Path:
    """The hidden folder beside `out` that holds its half-done state."""
    return out.parent / f".{out.name}.partial"


def save(out: Path, key: str, state: RunState, model: nn.Module, optimizer: torch.optim.Optimizer) -> None:
    """Write weights, optimizer moments and `state` in one atomic step."""
    from safetensors.torch import save as to_bytes

    tensors = {f"weight/{name}": p.detach().cpu().contiguous() for name, p in model.named_parameters()}
    for name, parameter in model.named_parameters():
        for kind, value in optimizer.state.get(parameter, {}).items():
            tensors[f"{kind}/{name}"] = value.detach().cpu().contiguous()
    facts = {"key": key, "state": json.dumps(vars(state))}
    write_bytes(partial_folder(out) / _FILE, to_bytes(tensors, metadata=facts))


def forget_others(out: Path, key: str) -> None:
    """Remove what another run, or one killed before its first save, left where this one will stand."""
    if _facts(out).get("key") != key:
        remove(out)


def load(out: Path, key: str, model: nn.Module, optimizer: torch.optim.Optimizer) -> RunState:
    """Put a saved state back into model and optimizer; a fresh state where none was saved for `key`.

    Another run's state is not taken up: `key` is what `save` was told.
    """
    from safetensors import safe_open

    facts = _facts(out)
    if facts.get("key") != key:
        return RunState()
    with safe_open(partial_folder(out) / _FILE, framework="pt") as file:
        _restore({name: file.get_tensor(name) for name in file.keys()}, model, optimizer)  # noqa: SIM118
    return RunState(**json.loads(facts["state"]))


def _facts(out: Path) -> dict[str, str]:
    """Whose state stands there, and what it says besides tensors; empty where there is none."""
    from safetensors import safe_open

    path = partial_folder(out) / _FILE
    if not path.is_file():
        return {}
    with safe_open(path, framework="pt") as file:
        return dict(file.metadata() or {})


def _restore(tensors: dict[str, torch.Tensor], model: nn.Module, optimizer: torch.optim.Optimizer) -> None:
    kinds: dict[str, dict[str, Any]] = {}
    for full, tensor in tensors.items():
        kind, _, name = full.partition("/")
        kinds.setdefault(name, {})[kind] = tensor
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            saved = kinds[name]
            parameter.copy_(saved.pop("weight"))
            # the count of steps too: fused AdamW keeps it where the parameter is
            optimizer.state[parameter] = {kind: value.to(parameter.device) for kind, value in saved.items()}


def remove(out: Path) -> None:
    """Forget the half-done state."""
    shutil.rmtree(partial_folder(out), ignore_errors=True)
