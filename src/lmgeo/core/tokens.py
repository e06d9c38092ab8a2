"""One text as a model reads it."""

from __future__ import annotations

from dataclasses import dataclass

from lmgeo.core.arrays import Bool, Int, ndarray


@dataclass(frozen=True)
class TokenSequence:
    """The tokens of one text, or of a pair of texts; never padded.

    Attributes:
        ids: token ids, int32.
        special: whether the tokenizer added the token itself ([CLS], [SEP], <s> …).
        segments: 0 or 1: which text of a pair a token belongs to, as the model is told; int8.
    """

    ids: Int[ndarray, " t"]
    special: Bool[ndarray, " t"]
    segments: Int[ndarray, " t"]

    def __len__(self) -> int:
        return len(self.ids)
