"""Which transformers class a configuration asks for."""

from __future__ import annotations

from typing import Any


def is_causal(config: Any) -> bool:
    """Whether a configuration is of a decoder: its family has only a causal head, or it says so."""
    from transformers.models.auto.modeling_auto import MODEL_FOR_CAUSAL_LM_MAPPING_NAMES as CAUSAL

    if getattr(config, "is_decoder", False):
        return True
    return config.model_type in CAUSAL and not has_masked_head(config)


def has_masked_head(config: Any) -> bool:
    """Whether the family has a masked language model."""
    from transformers.models.auto.modeling_auto import MODEL_FOR_MASKED_LM_MAPPING_NAMES as MASKED

    return config.model_type in MASKED


def classes_to_try(config: Any) -> list[Any]:
    """The automatic classes to load with, best first: by `architectures`, heads for other tasks left out.

    Where `architectures` is missing or names the pre-training class (whose other head has no use here),
    the language-modelling class is tried first; it holds if the weights have its head.
    """
    from transformers import AutoModel, AutoModelForCausalLM, AutoModelForMaskedLM

    named = (config.architectures or [""])[0]
    if named.endswith(("ForCausalLM", "LMHeadModel")):
        return [AutoModelForCausalLM]
    if named.endswith("ForMaskedLM"):
        return [AutoModelForMaskedLM]
    if named and not named.endswith("ForPreTraining"):
        return [AutoModel]
    if is_causal(config):
        return [AutoModelForCausalLM, AutoModel]
    return [AutoModelForMaskedLM, AutoModel] if has_masked_head(config) else [AutoModel]
