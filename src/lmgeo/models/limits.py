"""How many tokens a model takes."""

from __future__ import annotations

from typing import Any

from torch import nn

NO_LIMIT = 2**30  # a model without positions takes what memory holds


def position_limit(backbone: nn.Module) -> int:
    """The longest sequence the model has positions for, special tokens included.

    A position table with a padding row counts from the row after it (RoBERTa: 514 rows, 512 positions).
    """
    stated = getattr(backbone.config, "max_position_embeddings", None)
    tables = [_rows(m) for name, m in backbone.named_modules() if _is_position_table(name, m)]
    return min([*tables, *([int(stated)] if _sane(stated) else [])], default=NO_LIMIT)


def tokenizer_limit(tokenizer: Any) -> int:
    """The tokenizer's own limit; many state an absurd one, meaning none."""
    stated = getattr(tokenizer, "model_max_length", None)
    return int(stated) if _sane(stated) else NO_LIMIT


def _sane(value: Any) -> bool:
    return isinstance(value, (int, float)) and 0 < value < NO_LIMIT


def _is_position_table(name: str, module: nn.Module) -> bool:
    last = name.rpartition(".")[2]
    return isinstance(module, nn.Embedding) and last in ("position_embeddings", "wpe", "embed_positions")


def _rows(table: nn.Module) -> int:
    assert isinstance(table, nn.Embedding)  # by _is_position_table
    return table.num_embeddings - (0 if table.padding_idx is None else table.padding_idx + 1)
