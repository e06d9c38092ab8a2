"""A tokenizer trained on given texts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Any

from lmgeo.core.errors import NotEnoughData
from lmgeo.models.quiet import quiet
from lmgeo.models.wordpiece import learn_pieces

SPECIAL = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]")
_LONGEST_WORD = 100  # characters; WordPiece reads longer ones as [UNK]


def train_wordpiece(texts: Iterable[str], vocabulary: int, max_length: int) -> Any:
    """A lower-cased BERT-style tokenizer; the same texts give the same vocabulary, ids included.

    Args:
        texts: what to learn from.
        vocabulary: the most tokens, the five special ones (ids 0 to 4) included.
        max_length: what it truncates to, special tokens included.

    Returns:
        A `transformers.BertTokenizer`; saved with its `save_pretrained`, AutoTokenizer loads it.

    Raises:
        NotEnoughData: texts without a single word.
    """
    words = _words(texts)
    if not words:
        raise NotEnoughData("no word to learn a vocabulary from", "give a corpus with text in it")
    tokens = [*SPECIAL, *learn_pieces(words, vocabulary - len(SPECIAL))]
    with quiet():
        from transformers import BertTokenizer

        return BertTokenizer(vocab={token: i for i, token in enumerate(tokens)}, model_max_length=max_length)


def _words(texts: Iterable[str]) -> Counter[str]:
    """Words and their counts, split as the finished tokenizer will split them."""
    from tokenizers import normalizers, pre_tokenizers

    normalizer = normalizers.BertNormalizer(lowercase=True)
    splitter = pre_tokenizers.BertPreTokenizer()
    counts: Counter[str] = Counter()
    for text in texts:
        counts.update(word for word, _ in splitter.pre_tokenize_str(normalizer.normalize_str(text)))
    return Counter({word: n for word, n in counts.items() if len(word) <= _LONGEST_WORD})
