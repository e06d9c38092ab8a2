"""From texts to token ids for pre-training: held-out split, own tokenizer, unigram baseline."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from lmgeo.core.arrays import Bool, Float, Int, ndarray
from lmgeo.core.errors import NotEnoughData
from lmgeo.core.seeds import numpy_stream
from lmgeo.core.spec.model import PretrainSpec
from lmgeo.models.tokenizer import train_wordpiece
from lmgeo.train.batches import pad
from lmgeo.train.masking import Masked, mask_tokens

HELD_OUT_SHARE = 0.05
FEWEST_TEXTS = 20  # so that at least one is held out
SPLIT_SEED = 0  # split and held-out mask are the same for every run on a corpus: losses compare across seeds


@dataclass(frozen=True)
class TrainingText:
    """A tokenized corpus.

    Attributes:
        train, held_out: token ids of each sequence, special tokens included.
        tokenizer: trained on the training part.
        log_unigram: log frequency of each token in the training part, add-one smoothed, (V,).
        max_length: no sequence is longer.
    """

    train: list[Int[ndarray, " t"]]
    held_out: list[Int[ndarray, " t"]]
    tokenizer: Any
    log_unigram: Float[ndarray, " v"]
    max_length: int

    def maskable(self, ids: Int[ndarray, "b t"]) -> Bool[ndarray, "b t"]:
        """Which tokens a model may be asked for: all but special ones and padding."""
        return ~np.isin(ids, self.tokenizer.all_special_ids)

    def batch(
        self, sequences: Sequence[ndarray], fraction: float, random: np.random.Generator
    ) -> tuple[Masked, Bool[ndarray, "b t"]]:
        """A padded batch with tokens masked, and which entries are real, both (B, T)."""
        ids, real = pad(sequences, self.tokenizer.pad_token_id, self.max_length)
        maskable = self.maskable(ids)
        return mask_tokens(ids, maskable, fraction, self.tokenizer.mask_token_id, len(self.tokenizer), random), real


def prepare(texts: Sequence[str], spec: PretrainSpec) -> TrainingText:
    """Split, train a tokenizer on the training part, tokenize both, truncated to `spec.max_length`.

    Raises:
        NotEnoughData: fewer than 20 unlike texts, or a part without a single word.
    """
    train_texts, held_out_texts = split(texts)
    tokenizer = train_wordpiece(train_texts, spec.vocabulary, spec.max_length)
    train = _encode(tokenizer, train_texts, spec.max_length)
    held_out = _encode(tokenizer, held_out_texts, spec.max_length)
    return TrainingText(train, held_out, tokenizer, _log_unigram(tokenizer, train), spec.max_length)


def split(texts: Sequence[str]) -> tuple[list[str], list[str]]:
    """Training and held-out texts, about 5 % of the unlike ones; copies of a text stay on one side."""
    unlike = list(dict.fromkeys(texts))
    if len(unlike) < FEWEST_TEXTS:
        raise NotEnoughData(
            f"{len(unlike)} unlike texts are too few to train on", f"give a corpus of {FEWEST_TEXTS} or more"
        )
    order = numpy_stream(SPLIT_SEED, "held_out").permutation(len(unlike))
    held_out = {unlike[i] for i in order[: round(len(unlike) * HELD_OUT_SHARE)]}
    return [t for t in texts if t not in held_out], [t for t in texts if t in held_out]


def _encode(tokenizer: Any, texts: list[str], max_length: int) -> list[ndarray]:
    rows = tokenizer(texts, truncation=True, max_length=max_length)["input_ids"]
    special = set(tokenizer.all_special_ids)
    # a sequence of special tokens alone has nothing to guess
    kept = [np.array(row, np.int64) for row in rows if not special.issuperset(row)]
    if not kept:
        raise NotEnoughData("no text holds a single word to guess", "give a corpus of sentences")
    return kept


def _log_unigram(tokenizer: Any, train: list[ndarray]) -> ndarray:
    counts = np.bincount(np.concatenate(train), minlength=len(tokenizer)).astype(np.float64)
    counts[tokenizer.all_special_ids] = 0.0
    return np.log((counts + 1.0) / (counts + 1.0).sum())
