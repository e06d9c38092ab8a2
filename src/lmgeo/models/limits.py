"""How many tokens a model takes."""

from __future__ import annotations

from typing import Any

from torch import nn

_TABLES = ("position_embeddings", "embed_positions", "wpe")
NO_LIMIT = 2**30  # a model without positions takes what memory holds


def position_limit(backbone: Any) -> int:
    """The longest sequence the model has positions for, special tokens included.

    A position table with a padding row counts from the row after it (RoBERTa: 514 rows, 512 positions).
    """
    stated = _sane(getattr(backbone.config, "max_position_embeddings", None))
    tables = [_positions(m) for name, m in backbone.named_modules() if name.rpartition(".")[2] in _TABLES]
    return min([stated, *tables])


def tokenizer_limit(tokenizer: Any) -> int:
    """The tokenizer's own limit; many state an absurd one, meaning none."""
    return _sane(getattr(tokenizer, "model_max_length", None))


def _sane(value: Any) -> int:
    return int(value) if isinstance(value, (int, float)) and 0 < value < NO_LIMIT else NO_LIMIT


def _positions(table: nn.Module) -> int:
    if not isinstance(table, nn.Embedding):
        return NO_LIMIT
    return table.num_embeddings - (0 if table.padding_idx is None else table.padding_idx + 1)
