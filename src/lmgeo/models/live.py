"""A module that its owner is training, as a handle: nothing of it is copied or left changed."""

from __future__ import annotations

from typing import Any

from lmgeo.core.errors import SpecError
from lmgeo.models.handle import ModelHandle
from lmgeo.models.quiet import evaluating

_WRAPPERS = ("module", "_orig_mod")  # of data parallelism and of torch.compile


def live_handle(model: Any, tokenizer: Any = None) -> ModelHandle:
    """A handle on a model in training, which stays in the mode it is in.

    Args:
        model: a `transformers` module, wrapped for data parallelism or compiled or not; or a handle.
        tokenizer: the one it is trained with; without it no text can be sent through.

    Raises:
        SpecError: no `transformers` module, or one whose blocks are not found.
    """
    if isinstance(model, ModelHandle):
        return model
    for name in _WRAPPERS:
        model = getattr(model, name, model)
    if not hasattr(model, "config") or not hasattr(model, "get_input_embeddings"):
        raise SpecError(f"a {type(model).__name__} in place of a model", "give a transformers model, or a ModelHandle")

    def given() -> Any:
        if tokenizer is None:
            raise SpecError("no tokenizer to read texts with", "give the one that the model is trained with")
        return tokenizer

    with evaluating(model):
        return ModelHandle(model, str(getattr(model.config, "model_type", "model")), given)
