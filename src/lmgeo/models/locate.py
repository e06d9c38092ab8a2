"""Finding a model's anatomy, by its family or, checked by a pass, by its structure."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import torch
from torch import Tensor

from lmgeo.core.errors import SpecError
from lmgeo.models.anatomy import Anatomy, guessed_anatomies, known_anatomy
from lmgeo.models.capture import probe
from lmgeo.models.quiet import evaluating, quiet

_TOKENS, _PADDED = 4, 6  # of the pass that an unknown family is checked by
_TOLERANCE = 1e-4  # relative: padding may change rounding, no more


def locate(module: Any) -> Anatomy:
    """The anatomy of an encoder or decoder.

    Raises:
        SpecError: an encoder-decoder; or, of a family not in the table: its last hidden state is not where the
            structure says, it cannot make a pass, or padding changes its hidden states.
    """
    if getattr(module.config, "is_encoder_decoder", False):
        raise SpecError(
            f"{type(module).__name__} is an encoder-decoder",
            "give an encoder or a decoder: sites are those of one stack",
        )
    return known_anatomy(module) or _by_structure(module)


def _by_structure(module: Any) -> Anatomy:
    ids = _ids(module)
    try:
        with evaluating(module), quiet():
            return _checked(module, ids)
    except (RuntimeError, ValueError) as error:
        raise SpecError(f"{_named(module)} cannot make a pass: {error}", "give a model of another family") from error


def _checked(module: Any, ids: Tensor) -> Anatomy:
    short, whole = ids[:, :_TOKENS], torch.ones_like(ids[:, :_TOKENS])
    mask = (torch.arange(_PADDED, device=ids.device) < _TOKENS).long()[None]
    for anatomy in guessed_anatomies(module):
        calls, final, last = probe(anatomy, short, whole)
        if final is None or final.shape != last.shape or not torch.equal(final, last):
            continue
        _, padded, _ = probe(anatomy, ids, mask)
        if padded is None or not _close(padded[:, :_TOKENS], final):
            raise SpecError(f"padding changes the hidden states of {_named(module)}", "give a model of another family")
        return replace(anatomy, depth=calls)
    raise SpecError(f"the last hidden state of {_named(module)} is not found", "give a model of another family")


def _ids(module: Any) -> Tensor:
    """Unlike ids, none of them the padding's: its embedding is zero, and zeros agree with everything."""
    rows = int(module.get_input_embeddings().weight.shape[0])
    usable = [i for i in range(rows) if i != module.config.pad_token_id]
    chosen = [usable[i % len(usable)] for i in range(1, _PADDED + 1)]
    return torch.tensor([chosen], device=next(module.parameters()).device)


def _close(a: Tensor, b: Tensor) -> bool:
    return bool((a - b).abs().max() <= _TOLERANCE * b.abs().max())


def _named(module: Any) -> str:
    return f"a {type(module).__name__} (model_type {module.config.model_type!r})"
