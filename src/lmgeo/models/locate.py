"""Finding a model's anatomy, by its family or, checked by a pass, by its structure."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import torch

from lmgeo.core.errors import SpecError
from lmgeo.models.anatomy import Anatomy, guessed_anatomies, known_anatomy
from lmgeo.models.capture import calls_of_blocks
from lmgeo.models.quiet import quiet


def locate(module: Any) -> Anatomy:
    """The anatomy of an encoder or decoder.

    Raises:
        SpecError: an encoder-decoder, or a family whose last hidden state is not found where its structure says.
    """
    if getattr(module.config, "is_encoder_decoder", False):
        raise SpecError(
            f"{type(module).__name__} is an encoder-decoder",
            "give an encoder or a decoder: sites are those of one stack",
        )
    return known_anatomy(module) or _by_structure(module)


def _by_structure(module: Any) -> Anatomy:
    ids = torch.zeros((1, 4), dtype=torch.long, device=next(module.parameters()).device)
    was_training = module.training
    module.eval()
    try:
        for anatomy in guessed_anatomies(module):
            with quiet():
                calls, agrees = calls_of_blocks(anatomy, ids)
            if agrees:
                return replace(anatomy, depth=calls)
    finally:
        module.train(was_training)
    raise SpecError(
        f"the last hidden state of a {type(module).__name__} (model_type {module.config.model_type!r}) is not found",
        "give a model of another family",
    )
