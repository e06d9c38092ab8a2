"""The processes that share a run's batches: one, or as many as `torchrun` started."""

from __future__ import annotations

import os
from dataclasses import dataclass

import torch
from torch import nn


@dataclass(frozen=True)
class Team:
    """This process among those of a run.

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
            distributed.init_process_group("nccl" if device.startswith("cuda") else "gloo")
        return cls(distributed.get_rank(), distributed.get_world_size())

    @property
    def leads(self) -> bool:
        """Whether this process writes and reports."""
        return self.rank == 0

    def own_device(self, device: str) -> str:
        """Where this process computes: each its own accelerator of the machine."""
        local = os.environ.get("LOCAL_RANK", "0")
        return f"cuda:{local}" if self.world > 1 and device == "cuda" else device

    def wrapped(self, module: nn.Module) -> nn.Module:
        """The module with gradients averaged over the team; itself where it is alone."""
        if self.world == 1:
            return module
        from torch.nn.parallel import DistributedDataParallel

        return DistributedDataParallel(module)

    def sum(self, value: float) -> float:
        """The sum of every process's value."""
        if self.world == 1:
            return value
        from torch import distributed

        device = "cuda" if distributed.get_backend() == "nccl" else "cpu"
        total = torch.tensor(value, dtype=torch.float64, device=device)
        distributed.all_reduce(total)
        return float(total.item())

    def mean(self, value: float) -> float:
        """The mean of every process's value."""
        return self.sum(value / self.world)

    def wait(self) -> None:
        """Go on when every process has come here."""
        self.sum(0.0)
