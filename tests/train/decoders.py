"""Tiny random decoders with a byte-level tokenizer, and the loss the slow way."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import torch
import transformers
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, processors, trainers

from lmgeo.models.build import seeded_module
from lmgeo.models.handle import ModelHandle

SEPARATOR = "<|endoftext|>"
CONFIGS: dict[str, dict[str, Any]] = {"gpt_neox": {"hidden_act": "gelu"}, "llama": {"num_key_value_heads": 1}}
TEXTS = [
    "the cat sees the red house, and the dog hears it.",
    "naïve café: 3 × 4 = 12 … 😀😀 fin",
    "a",
    "one bird follows a small river; their fox never sleeps. " * 4,
    "Ünlü",
    "two\n\nparagraphs \n and   spaces ",
]


def byte_tokenizer(
    texts: Sequence[str] = TEXTS, separator: str | None = SEPARATOR, vocabulary: int = 300, adds_bos: bool = False
) -> Any:
    """Byte-level BPE; with `adds_bos` it puts the separator in front by itself."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    special = [separator] if separator else []
    trainer = trainers.BpeTrainer(
        vocab_size=vocabulary, special_tokens=special, initial_alphabet=pre_tokenizers.ByteLevel.alphabet()
    )
    tokenizer.train_from_iterator(texts, trainer)
    if adds_bos and separator:
        tokenizer.post_processor = processors.TemplateProcessing(
            single=f"{separator} $A", special_tokens=[(separator, tokenizer.token_to_id(separator))]
        )
    return transformers.PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, bos_token=separator, eos_token=separator, pad_token=separator
    )


def decoder(
    family: str = "llama", tokenizer: Any = None, seed: int = 0, max_length: int = 16, **changes: Any
) -> ModelHandle:
    """A random decoder of width 16 with two blocks; logits spread enough to tell tokens apart."""
    tokenizer = byte_tokenizer() if tokenizer is None else tokenizer
    config = transformers.AutoConfig.for_model(
        family,
        **CONFIGS[family],
        vocab_size=len(tokenizer),
        hidden_size=16,
        num_hidden_layers=2,
        num_attention_heads=2,
        intermediate_size=24,
        max_position_embeddings=max_length,
        initializer_range=0.4,
        **changes,
    )
    return ModelHandle(seeded_module(config, transformers.AutoModelForCausalLM, seed), family, lambda: tokenizer)


def slow_nats(handle: ModelHandle, text: str, length: int) -> tuple[float, int]:
    """−log p of a text and its number of tokens, one forward pass a token, nothing padded, in float64."""
    tokenizer = handle.tokenizer
    ids = tokenizer.encode(text, add_special_tokens=False)
    first = [tokenizer.bos_token_id] if tokenizer.bos_token_id is not None else []
    ids, nats = first + ids, 0.0
    for place in range(1, len(ids)):
        window = (place - 1) // length * length  # where the token's window begins
        with torch.no_grad():
            logits = handle.module(torch.tensor([ids[window:place]])).logits[0, -1].double()
        nats -= torch.log_softmax(logits, 0)[ids[place]].item()
    assert math.isfinite(nats)
    return nats, max(0, len(ids) - 1)
