"""Texts to token ids, as the model's own tokenizer does by default."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from lmgeo.core.arrays import Int, ndarray
from lmgeo.core.errors import SpecError
from lmgeo.core.tokens import TokenSequence
from lmgeo.models.bpe import encode_whole
from lmgeo.models.content import has_tokenizer
from lmgeo.models.quiet import quiet

Opener = Callable[[], Any]


def opener(path: Path) -> Opener:
    """What opens the tokenizer of a checkpoint folder when it is first needed."""

    def open_it() -> Any:
        if not has_tokenizer(path):
            # asked for one all the same, transformers makes one that knows no word
            raise SpecError(f"{path} has no tokenizer", "put the model's tokenizer files beside config.json")
        try:
            return _auto_tokenizer(path)
        except Exception as error:  # tokenizers raises bare Exception
            raise SpecError(
                f"the tokenizer in {path} cannot be read: {_first_line(error)}", "download or save it again"
            ) from error

    return open_it


def _auto_tokenizer(path: Path) -> Any:
    with quiet():
        from transformers import AutoTokenizer

        return AutoTokenizer.from_pretrained(str(path), local_files_only=True, trust_remote_code=False)


def encode(
    tokenizer: Any, texts: Sequence[str], pairs: Sequence[str] | None, max_length: int, vocabulary_size: int
) -> list[TokenSequence]:
    """Token sequences of texts or pairs, special tokens as by default, truncated to `max_length` tokens.

    Raises:
        SpecError: no room beside the special tokens; more pairs than texts; ids that the model has no row for.
    """
    if pairs is not None and len(pairs) != len(texts):
        raise SpecError(f"{len(texts)} texts but {len(pairs)} second texts", "give one second text for each")
    special = tokenizer.num_special_tokens_to_add(pair=pairs is not None)
    if max_length <= special:
        raise SpecError(
            f"max_length {max_length} leaves no room beside {special} special tokens", f"give {special + 1} or more"
        )
    if not texts:
        return []
    fields = _fields(tokenizer, texts, pairs, max_length)
    sequences = [
        TokenSequence(np.array(i, np.int32), np.array(s, bool), np.array(g, np.int8))
        for i, s, g in zip(*fields, strict=True)
    ]
    _check_range(max((int(s.ids.max()) for s in sequences if len(s)), default=0), vocabulary_size)
    return sequences


def text_ids(tokenizer: Any, texts: Sequence[str], vocabulary_size: int) -> list[Int[ndarray, " t"]]:
    """The tokens of whole texts, as `encode_whole` gives them, for a model of so many embeddings.

    Raises:
        SpecError: ids that the model has no row for.
    """
    if not texts:
        return []
    ids = [np.array(row, np.int32) for row in encode_whole(tokenizer, texts)]
    _check_range(max((int(row.max()) for row in ids if len(row)), default=0), vocabulary_size)
    return ids


def separator_id(tokenizer: Any, vocabulary_size: int) -> int | None:
    """What a decoder sees in front of a text: the token that begins one, else the one that ends one; None: neither."""
    known = (tokenizer.bos_token_id, tokenizer.eos_token_id)
    return next((i for i in known if isinstance(i, int) and 0 <= i < vocabulary_size), None)


def _fields(
    tokenizer: Any, texts: Sequence[str], pairs: Sequence[str] | None, max_length: int
) -> tuple[list[list[int]], list[list[int]], list[list[int]]]:
    with quiet():
        found = tokenizer(
            list(texts),
            None if pairs is None else list(pairs),
            truncation=True,
            max_length=max_length,
            return_special_tokens_mask=True,
            return_token_type_ids=True,
            return_attention_mask=False,
        )
    ids = found["input_ids"]
    # a model that was never told segments is not told them here
    told = "token_type_ids" in tokenizer.model_input_names and "token_type_ids" in found
    segments = found["token_type_ids"] if told else [[0] * len(row) for row in ids]
    return ids, found["special_tokens_mask"], segments


def _check_range(largest: int, vocabulary_size: int) -> None:
    if largest >= vocabulary_size:
        raise SpecError(
            f"the tokenizer gives id {largest}, but the model has {vocabulary_size} embeddings",
            "give the tokenizer that belongs to this model",
        )


def _first_line(error: Exception) -> str:
    lines = str(error).strip().splitlines()
    return lines[0][:200] if lines else type(error).__name__
