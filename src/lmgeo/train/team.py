"""The processes that share a run's batches: one, or as many as `torchrun` started."""

from __future__ import annotations

import os
from dataclasses import dataclass

import torch
from torch import nn


@dataclass(frozen=True)
class Team:
    """This process among those of a run.

    Each holds the whole model, takes its share of a step's sequences, and adds its gradients to the others'
    once a step, whatever the number of passes: shares may be unlike, or empty, and nobody waits for a pass that
    another does not have (which is where torch's DistributedDataParallel hangs). All see the same folder.

    Attributes:
        rank: 0 for the one that writes.
        world: how many there are.
    """

    rank: int = 0
    world: int = 1

    @classmethod
    def gather(cls, device: str) -> Team:
        """The team that `torchrun` started this process in; alone without it."""
        if int(os.environ.get("WORLD_SIZE", "1")) == 1:
            return cls()
        from torch import distributed

        if not distributed.is_initialized():
            on_cards = device.startswith("cuda")
            if on_cards:
                torch.cuda.set_device(_local_rank())  # what the team exchanges goes by this card
            distributed.init_process_group("nccl" if on_cards else "gloo")
        return cls(distributed.get_rank(), distributed.get_world_size())

    @property
    def leads(self) -> bool:
        """Whether this process writes and reports."""
        return self.rank == 0

    def own_device(self, device: str) -> str:
        """Where this process computes: each its own accelerator of the machine."""
        return f"cuda:{_local_rank()}" if self.world > 1 and device.startswith("cuda") else device

    def add_gradients(self, module: nn.Module) -> None:
        """Every process gets the sum of all their gradients; nothing where it is alone."""
        if self.world == 1:
            return
        from torch import distributed

        trained = [p for p in module.parameters() if p.requires_grad]
        flat = torch.cat([_gradient(p).flatten() for p in trained])
        distributed.all_reduce(flat)
        for parameter, part in zip(trained, flat.split([p.numel() for p in trained]), strict=True):
            parameter.grad = part.view_as(parameter)

    def sum(self, value: float) -> float:
        """The sum of every process's value."""
        if self.world == 1:
            return value
        from torch import distributed

        device = "cuda" if distributed.get_backend() == "nccl" else "cpu"
        total = torch.tensor(value, dtype=torch.float64, device=device)
        distributed.all_reduce(total)
        return float(total.item())

    def wait(self) -> None:
        """Go on when every process has come here."""
        self.sum(0.0)


def _local_rank() -> int:
    return int(os.environ.get("LOCAL_RANK", "0"))


def _gradient(parameter: nn.Parameter) -> torch.Tensor:
    """A process that had no sequences has no gradients."""
    return torch.zeros_like(parameter) if parameter.grad is None else parameter.grad
