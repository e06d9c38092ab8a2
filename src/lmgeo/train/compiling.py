"""A module compiled by torch, or a plain word that this machine cannot."""

from __future__ import annotations

from typing import Any

import torch
from torch import nn

from lmgeo.core.errors import SpecError


def compiled(module: nn.Module, device: str) -> Any:
    """The module, compiled at its first pass; it shares every parameter.

    Something tiny is compiled first: without a C++ compiler torch fails at the first pass, deep within itself.

    Raises:
        SpecError: nothing can be compiled for the device here.
    """
    # torch's own word for a compiler that failed: https://docs.pytorch.org/docs/stable/torch.compiler_faq.html
    from torch._dynamo.exc import BackendCompilerFailed

    try:
        torch.compile(_anything)(torch.ones(2, device=device))
    except BackendCompilerFailed as error:
        why = str(error).strip().splitlines()[0]
        raise SpecError(
            f"compile is true, and torch can compile nothing for {device} here: {why}",
            "install a C++ compiler (g++), or leave compile out",
        ) from error
    return torch.compile(module)


def _anything(x: torch.Tensor) -> torch.Tensor:
    return x.sin() + 1.0
