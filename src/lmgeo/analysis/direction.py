"""Which way a score gets better."""

from __future__ import annotations

from lmgeo.analysis.columns import bare

_LOWER_IS_BETTER = ("loss", "perplexity", "ppl", "mse", "error")


def is_loss(column: str) -> bool:
    """Whether a column looks like a loss: named `score.loss…`, or `loss` at its end."""
    name = column.lower()
    return name.startswith("score.loss") or name.endswith("loss")


def lower_is_better(column: str) -> bool:
    """Whether lower values of a target are better: a loss, a perplexity or an error."""
    return is_loss(column) or bare(column.lower()).endswith(_LOWER_IS_BETTER)
