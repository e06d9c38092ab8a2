"""Documents as a language model is asked for them: each behind the separator, with the bytes that are predicted."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from lmgeo.core.arrays import Int, ndarray
from lmgeo.core.errors import NotEnoughData, SpecError
from lmgeo.models.encoding import separator_id, text_ids
from lmgeo.models.limits import NO_LIMIT
from lmgeo.models.quiet import quiet

if TYPE_CHECKING:
    from lmgeo.models.handle import ModelHandle

DEFAULT_WINDOW = 2048  # where neither the caller nor the model says: attention costs the square of it
_AT_ONCE = 16  # documents tokenized together: of long ones no more than are needed
_LONGEST_CHARACTER = 8  # tokens; a character has at most four bytes, and a byte is the least a token stands for


@dataclass(frozen=True)
class TokenizedDocuments:
    """Tokenized documents.

    Attributes:
        ids: of each, what the model sees: the separator, where there is one, and the text's tokens; all but the
            first are predicted.
        bytes: of each, the UTF-8 bytes of the text that is predicted.
        notes: what a reader should know.
    """

    ids: list[Int[ndarray, " t"]]
    bytes: Int[ndarray, " n"]
    notes: tuple[str, ...]

    @property
    def tokens(self) -> Int[ndarray, " n"]:
        """How many tokens of each document are predicted."""
        return np.array([len(ids) - 1 for ids in self.ids], np.int64)


def window_length(handle: ModelHandle, asked: int | None) -> int:
    """Inputs of a window: as asked, never above the model's limit; the model's own where nothing is asked.

    Raises:
        SpecError: below one.
    """
    if asked is not None and asked < 1:
        raise SpecError(f"windows of max_length {asked}", "give 1 or more tokens")
    limit = handle.max_length
    return min(asked, limit) if asked is not None else (limit if limit < NO_LIMIT else DEFAULT_WINDOW)


def windows(ids: Int[ndarray, " t"], length: int) -> list[Int[ndarray, " w"]]:
    """Cut a document into windows of `length` inputs and one target more; each begins with the last one's end.

    So every token but the document's first is a target exactly once.
    """
    return [ids[start : start + length + 1] for start in range(0, len(ids) - 1, length)]


def read_documents(handle: ModelHandle, texts: Sequence[str], most_tokens: int | None = None) -> TokenizedDocuments:
    """Tokenize documents in their order, until `most_tokens` tokens are to be predicted.

    A document that goes beyond is cut at its last whole character within.

    Raises:
        SpecError: no decoder with a tokenizer; a document that is no text; `most_tokens` below one.
        NotEnoughData: not a single token to predict.
    """
    if not handle.is_decoder:
        raise SpecError(
            f"{handle.label} is no causal language model: it does not predict a token from those before it",
            "give a decoder; a masked model's held-out loss stands in its training record",
        )
    if isinstance(texts, str):
        raise SpecError("the documents are one text", "give a list of texts")
    if most_tokens is not None and most_tokens < 1:
        raise SpecError(f"most_tokens is {most_tokens}", "give 1 or more")
    reading = _Reading(handle)
    for text, ids in _tokenized(handle, texts):
        if not reading.take(text, ids, most_tokens):
            break
    if not reading.ids:
        what = "; ".join(["the documents hold no token to predict", *reading.notes()])
        raise NotEnoughData(
            what, "give texts of two tokens or more" + (", or raise most_tokens" if most_tokens else "")
        )
    return TokenizedDocuments(reading.ids, np.array(reading.bytes, np.int64), tuple(reading.notes()))


def _tokenized(handle: ModelHandle, texts: Sequence[str]) -> Iterator[tuple[str, ndarray]]:
    for start in range(0, len(texts), _AT_ONCE):
        some = texts[start : start + _AT_ONCE]
        for i, text in enumerate(some, start):
            _check_text(text, i)
        yield from zip(some, text_ids(handle.tokenizer, some, handle.vocabulary_size), strict=True)


def _check_text(text: Any, index: int) -> None:
    if not isinstance(text, str):
        raise SpecError(f"document {index} is a {type(text).__name__}, not text", "give a list of texts")
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise SpecError(f"document {index} cannot be written as UTF-8: {error.reason}", "mend the text") from error


class _Reading:
    """Documents as they come in, up to a number of tokens."""

    def __init__(self, handle: ModelHandle) -> None:
        self._tokenizer = handle.tokenizer
        self._vocabulary = handle.vocabulary_size
        self._separator = separator_id(self._tokenizer, self._vocabulary)
        self._skipped = 0 if self._separator is not None else 1  # of a text's tokens, those that are only context
        self.ids: list[ndarray] = []
        self.bytes: list[int] = []
        self._tokens = self._unclear = self._lossy = 0
        self._cut = False

    def take(self, text: str, ids: ndarray, most_tokens: int | None) -> bool:
        """Add a document; False once there is no room for another."""
        if text and len(ids) > self._skipped:
            room = len(ids) if most_tokens is None else most_tokens - self._tokens + self._skipped
            self._cut = len(ids) > room
            kept, end = self._beginning(text, ids, room) if self._cut else (ids, len(text.encode()))
            start = self._bytes_of(text, ids[: self._skipped]) if self._skipped else 0
            if start is None or end <= start or len(kept) <= self._skipped:
                self._unclear += 1
            else:
                self._add(kept, end - start)
                self._lossy += not self._cut and self._decoded(ids) != text
        return not self._cut and self._tokens != most_tokens

    def _add(self, ids: ndarray, count: int) -> None:
        first = [] if self._separator is None else [np.array([self._separator], np.int32)]
        self.ids.append(np.concatenate([*first, ids]))
        self.bytes.append(count)
        self._tokens += len(ids) - self._skipped

    def _beginning(self, text: str, ids: ndarray, room: int) -> tuple[ndarray, int]:
        """The tokens of a beginning of the text, whole characters and at most `room` tokens, and its bytes."""
        for place in range(room, max(0, room - _LONGEST_CHARACTER), -1):
            if (count := self._bytes_of(text, ids[:place])) is not None:
                return ids[:place], count
        # tokens that do not give the text back do not say where they end in it: a shorter text does
        while len(ids) > room:
            text = text[: min(len(text) - 1, len(text) * room // len(ids))]
            ids = text_ids(self._tokenizer, [text], self._vocabulary)[0]
        return ids, len(text.encode())

    def _bytes_of(self, text: str, ids: ndarray) -> int | None:
        """UTF-8 bytes of the beginning of `text` that `ids` give back; None where they do not give it back."""
        before = self._decoded(ids)
        return len(before.encode()) if before and text.startswith(before) else None

    def _decoded(self, ids: ndarray) -> str:
        with quiet():
            return str(
                self._tokenizer.decode(ids.tolist(), skip_special_tokens=False, clean_up_tokenization_spaces=False)
            )

    def notes(self) -> Iterator[str]:
        """What a reader should know of what was read."""
        if self._separator is None:
            yield "the tokenizer has no token that begins or ends a text: each document's first token is not predicted"
        if self._cut:
            yield f"cut after {self._tokens:,} tokens"
        if self._unclear:
            yield f"{self._unclear:,} documents left out: the tokenizer does not say which bytes would be predicted"
        if self._lossy:
            yield (
                f"the tokenizer does not give back {self._lossy:,} of {len(self.ids):,} documents as they are: "
                "bits per byte counts what is lost as predicted at no cost"
            )
