"""From a corpus to what a causal model is trained on: tokenizer, token streams, held-out documents."""

from __future__ import annotations

from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

from lmgeo.core.arrays import Float, ndarray
from lmgeo.core.identity import content_key, hash_texts
from lmgeo.data.corpora import open_documents
from lmgeo.data.document_split import split_documents
from lmgeo.data.token_files import Encoder, TokenFile, token_files
from lmgeo.models.bpe import SEPARATOR_ID, encode_whole, train_bpe
from lmgeo.models.encoding import opener

TEXT_VERSION = 1  # a new one where the same documents give other tokens
_TOKENIZER = "tokenizer"


@dataclass(frozen=True)
class CausalText:
    """A tokenized corpus of documents.

    Attributes:
        key: of the documents and everything that makes tokens of them.
        train, held_out: the token streams; `<|endoftext|>` goes before every document.
        tokenizer: learned from the training part; `eos_token_id` is the separator.
        held_out_documents: the texts of the held-out part.
        log_unigram: log frequency of each token in the training stream, add-one smoothed, (V,).
        notes: what a reader should know of the corpus.
    """

    key: str
    train: TokenFile
    held_out: TokenFile
    tokenizer: Any
    held_out_documents: list[str]
    log_unigram: Float[ndarray, " v"]
    notes: list[str]


def causal_text(corpus: str, vocabulary: int, max_length: int) -> CausalText:
    """Split by document, learn a tokenizer from the training part, tokenize both; kept in the cache folder.

    Args:
        corpus: a corpus spec, as `open_documents` takes it.
        vocabulary: the most tokens.
        max_length: the longest text that the tokenizer gives a model outside training; no token depends on it.

    Raises:
        as `open_documents`, `split_documents`, `train_bpe` and `token_files`.
    """
    documents = open_documents(corpus)
    train, held_out = split_documents(documents.texts)

    def learn(folder: Path) -> Encoder:
        tokenizer = train_bpe(train, vocabulary, max_length)
        tokenizer.save_pretrained(folder / _TOKENIZER)
        return Encoder(lambda texts: encode_whole(tokenizer, texts), len(tokenizer), SEPARATOR_ID)

    key = _key(documents.texts, vocabulary, max_length)
    files = token_files(key, train, held_out, learn)
    tokenizer = opener(files.folder / _TOKENIZER)()
    return CausalText(key, files.train, files.held_out, tokenizer, held_out, files.log_unigram, documents.notes)


def _key(documents: list[str], vocabulary: int, max_length: int) -> str:
    """What the files are made from: the documents themselves, since a parser's change gives others."""
    return content_key(
        {
            "text": TEXT_VERSION,
            "documents": hash_texts(documents),
            "vocabulary": vocabulary,
            "max_length": max_length,
            "tokenizers": version("tokenizers"),
        }
    )
