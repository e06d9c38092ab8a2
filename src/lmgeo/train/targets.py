"""How a task's labels become what a head is trained on, and its outputs predictions."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import nn

from lmgeo.core.arrays import Float, Int, ndarray


@dataclass(frozen=True)
class Targets:
    """Classes, or grades in units of the training part's spread.

    Attributes:
        outputs: k, the head's outputs: one a class, or one for a grade.
        graded: whether labels are numbers rather than classes.
        mean, scale: of the training grades.
    """

    outputs: int
    graded: bool
    mean: float = 0.0
    scale: float = 1.0

    @classmethod
    def of(cls, classes: tuple[str, ...] | None, train_labels: ndarray) -> Targets:
        """For a task with these classes; None: graded."""
        if classes is not None:
            return cls(len(classes), graded=False)
        spread = float(np.std(train_labels))
        return cls(1, graded=True, mean=float(np.mean(train_labels)), scale=spread if spread > 0 else 1.0)

    def encode(self, labels: ndarray) -> torch.Tensor:
        """Labels (n,) as the tensor the loss wants."""
        if not self.graded:
            return torch.from_numpy(labels.astype(np.int64))
        return torch.from_numpy((labels - self.mean) / self.scale).float()

    def loss(self, outputs: torch.Tensor, wanted: torch.Tensor) -> torch.Tensor:
        """Cross-entropy (nats) or squared error of outputs (B, k)."""
        wanted = wanted.to(outputs.device)
        if self.graded:
            return nn.functional.mse_loss(outputs.squeeze(-1), wanted)
        return nn.functional.cross_entropy(outputs, wanted)

    def predictions(self, outputs: Float[ndarray, "n k"]) -> Int[ndarray, " n"] | Float[ndarray, " n"]:
        """The likeliest class, or the grade on its own scale."""
        if not self.graded:
            return outputs.argmax(axis=1).astype(np.int64)
        return outputs[:, 0] * self.scale + self.mean
