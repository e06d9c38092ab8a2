"""A byte-level BPE tokenizer trained on given texts, as GPT-2, GPT-NeoX and OLMo have them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from lmgeo.core.errors import NotEnoughData, SpecError
from lmgeo.models.quiet import quiet

SEPARATOR = "<|endoftext|>"
SEPARATOR_ID = 0
FEWEST_PIECES = 1 + 256  # the separator and every byte


def train_bpe(texts: Iterable[str], vocabulary: int, max_length: int) -> Any:
    """A tokenizer that keeps every byte of a text: decoding gives the text again.

    The one special token, `<|endoftext|>` with id 0, begins, ends, pads and stands for the unknown, of which there
    is none; encoding adds no token by itself. The same texts give the same ids in every process: unlike the
    library's WordPiece trainer, its BPE trainer breaks all ties by id.

    Args:
        texts: what to learn from.
        vocabulary: the most tokens, the special one and the 256 bytes included.
        max_length: what it truncates to.

    Returns:
        A `transformers.PreTrainedTokenizerFast`; saved with its `save_pretrained`, AutoTokenizer loads it.

    Raises:
        SpecError: a vocabulary without room for the bytes.
        NotEnoughData: no text at all.
    """
    if vocabulary < FEWEST_PIECES:
        raise SpecError(
            f"vocabulary {vocabulary} has no room for the 256 bytes and {SEPARATOR}", f"give {FEWEST_PIECES} or more"
        )
    learned = _learn([text for text in texts if text], vocabulary)
    with quiet():
        from transformers import PreTrainedTokenizerFast

        return PreTrainedTokenizerFast(
            tokenizer_object=learned,
            **dict.fromkeys(("bos_token", "eos_token", "pad_token", "unk_token"), SEPARATOR),
            model_max_length=max_length,
            # the clean-up takes blanks away before punctuation
            clean_up_tokenization_spaces=False,
            model_input_names=["input_ids", "attention_mask"],
        )


def _learn(texts: list[str], vocabulary: int) -> Any:
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers

    if not texts:
        raise NotEnoughData("no text to learn a vocabulary from", "give a corpus with text in it")
    tokenizer: Any = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=vocabulary,
        special_tokens=[SEPARATOR],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator(texts, trainer)
    return tokenizer


def encode_whole(tokenizer: Any, texts: Sequence[str]) -> list[list[int]]:
    """Ids of whole texts: nothing cut off, nothing added; a special token's name in a text is text like any other."""
    with quiet():  # it warns of texts beyond its own limit
        found = tokenizer(
            list(texts),
            add_special_tokens=False,
            split_special_tokens=True,
            truncation=False,
            return_attention_mask=False,
        )
    return found["input_ids"]
