"""The text of a training run, as its objective takes it."""

from __future__ import annotations

from collections.abc import Sequence

from lmgeo.core.spec.pretrain import PretrainSpec
from lmgeo.train.causal_text import CausalText, causal_text


def training_text(spec: PretrainSpec) -> Sequence[str] | CausalText:
    """Sequences for masked tokens, packed tokens of whole documents for the next token.

    Raises:
        as `open_corpus` and `causal_text`.
    """
    if not spec.masked:
        return causal_text(spec.corpus, spec.vocabulary, spec.max_length)
    from lmgeo.data.corpora import open_corpus

    return open_corpus(spec.corpus).sequences
