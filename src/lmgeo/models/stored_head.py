"""Embedding and unembedding among the tensors of a checkpoint, by the names that families give them."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np

from lmgeo.core.tensors import Tensor
from lmgeo.models.weight_files import StoredWeights

UNEMBEDDING, EMBEDDING = "unembedding", "embedding"
# the end of a name; those of the second row are also other things, and count only with a row for each token
_EMBEDDINGS = ("word_embeddings", "tok_embeddings", "embed_tokens", "embed_in", "wte", "shared", "word_embedding")
_VAGUE_EMBEDDINGS = ("embeddings", "token_embedding", "embedding")
_HEADS = ("lm_head", "embed_out", "lm_head.decoder", "predictions.decoder", "vocab_projector", "generator_lm_head")
_VAGUE_HEADS = ("decoder", "lm_loss", "output_projection", "output")
_LANGUAGE_MODELS = ("ForCausalLM", "LMHeadModel", "ForMaskedLM", "ForConditionalGeneration")
# what stands beside a tied matrix in a head, where the configuration does not name the class
_PARTS = re.compile(r"(^|\.)(cls\.predictions|lm_head|vocab_transform|generator_predictions|predictions)\.")
_ROWS_AT_A_TIME = 4096


@dataclass(frozen=True)
class Found:
    """Where a matrix is.

    Attributes:
        parameter: the tensor's name.
        tied: whether embedding and unembedding are this one matrix; None where it is neither.
    """

    parameter: str
    tied: bool | None


def special_matrices(weights: StoredWeights) -> dict[str, Found | str]:
    """`unembedding` and `embedding`: where each is, or why there is none.

    A head that is not stored is the embedding, where the model is a language model. One that is
    stored beside it is tied where both hold the same values and the configuration does not deny it;
    one that is stored alone, where the configuration says so.
    """
    name = _named(weights, _EMBEDDINGS, _VAGUE_EMBEDDINGS)
    head = _unembedding(weights, name)
    if name is None:
        if isinstance(head, Found) and _text_setting(weights, "tie_word_embeddings") is True:
            return dict.fromkeys((UNEMBEDDING, EMBEDDING), Found(head.parameter, True))
        lacking = f"no tensor of {weights.label} is named as an input embedding is; name the matrix"
        return {UNEMBEDDING: head, EMBEDDING: lacking}
    return {UNEMBEDDING: head, EMBEDDING: Found(name, isinstance(head, Found) and bool(head.tied))}


def _unembedding(weights: StoredWeights, embedding: str | None) -> Found | str:
    head = _named(weights, _HEADS, _VAGUE_HEADS)
    may_tie = _text_setting(weights, "tie_word_embeddings") is not False
    if head is not None:
        same = may_tie and embedding is not None and _equal(weights.tensors[head], weights.tensors[embedding])
        return Found(head, same)
    if (reason := _no_head(weights)) is not None:
        return reason
    if not may_tie:
        return f"{weights.label} stores no output head, though its configuration says that it is not tied"
    if embedding is None:
        return f"no tensor of {weights.label} is named as an output head or an embedding is; name the matrix"
    return Found(embedding, True)


def _no_head(weights: StoredWeights) -> str | None:
    """Why the model has no head; None where it has one that is not stored apart."""
    classes = [str(name) for name in weights.config.get("architectures") or []]
    if any(name.endswith(_LANGUAGE_MODELS) for name in classes[:1]):
        return None
    if any(_PARTS.search(name) for name in weights.tensors):
        return None
    what = f"{classes[0]} has none" if classes else "no class is named and no part of a head is stored"
    return f"{weights.label} has no output head ({what})"


def _named(weights: StoredWeights, clear: Iterable[str], vague: Iterable[str]) -> str | None:
    """The matrix of one of these names, with a row for each token where the configuration says how many."""
    vocabulary = _text_setting(weights, "vocab_size")
    matrices = {name: tensor for name, tensor in weights.tensors.items() if len(tensor.shape) == 2}
    whole = [name for name, tensor in matrices.items() if tensor.shape[0] == vocabulary]
    for pool, ends in ((whole, clear), (whole, vague), (matrices, clear)):
        for end in ends:
            found = [n for n in pool if n == f"{end}.weight" or n.endswith(f".{end}.weight")]
            if found:
                return min(found, key=len)
    return None


def _text_setting(weights: StoredWeights, name: str) -> Any:
    """A setting of the configuration; models of several kinds of input keep those of text apart."""
    text = weights.config.get("text_config")
    nested = text.get(name) if isinstance(text, dict) else None
    return weights.config.get(name, nested)


def _equal(a: Tensor, b: Tensor) -> bool:
    """Whether two matrices hold the same values, read a few rows at a time."""
    if a.shape != b.shape or a.dtype != b.dtype:
        return False
    starts = range(0, a.shape[0], _ROWS_AT_A_TIME)
    return all(np.array_equal(a.read(i, i + _ROWS_AT_A_TIME), b.read(i, i + _ROWS_AT_A_TIME)) for i in starts)
