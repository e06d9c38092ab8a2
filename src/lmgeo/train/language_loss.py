"""How well a decoder predicts text: nats per token and bits per byte, over documents."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import nn

from lmgeo.core.arrays import Float, Int, ndarray
from lmgeo.core.errors import LmgeoError, SpecError
from lmgeo.core.progress import Progress, silent
from lmgeo.numerics.ratios import ratio_standard_error
from lmgeo.train.batches import pad
from lmgeo.train.documents import TokenizedDocuments, read_documents, window_length, windows

if TYPE_CHECKING:
    from lmgeo.models.handle import ModelHandle

BATCH_WINDOWS = 16
_MOST_LOGITS = 2**26  # of a batch: 256 MiB in float32


class NotFinite(LmgeoError):
    """A model whose outputs are no numbers."""


@dataclass(frozen=True)
class LanguageLoss:
    """How well a language model predicts some documents.

    Attributes:
        nats_per_token: sum of −log p over all predicted tokens, by their number. Depends on the tokenizer.
        bits_per_byte: the same sum, in bits, by the UTF-8 bytes that those tokens stand for. Compares tokenizers.
        tokens, bytes, documents: what was predicted.
        spread: standard error of `nats_per_token` with documents as the independent units; None for one document.
        max_length: inputs of a window; no token was predicted from more.
        notes: what a reader should know.
    """

    nats_per_token: float
    bits_per_byte: float
    tokens: int
    bytes: int
    documents: int
    spread: float | None
    max_length: int
    notes: tuple[str, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """Plain JSON."""
        return {**asdict(self), "notes": list(self.notes)}


def language_loss(
    handle: ModelHandle,
    documents: Sequence[str] | TokenizedDocuments,
    *,
    max_length: int | None = None,
    batch_size: int = BATCH_WINDOWS,
    most_tokens: int | None = None,
    progress: Progress = silent,
) -> LanguageLoss:
    """The loss of a decoder on documents; every token of every document is predicted exactly once.

    A document is read behind the model's separator (the token that begins a text, else the one that ends one; the
    tokenizer adds none of its own), from which its first token is predicted. A document of more than `max_length`
    tokens is read in windows of as many inputs that begin where the last one ended: a token is predicted from those
    before it in its window. Sums are kept in float64 by document; nothing is a mean of means.

    Args:
        handle: a decoder with its head and tokenizer.
        documents: texts, of which empty ones count for nothing; or what `read_documents` made of them for a model
            with this tokenizer, `most_tokens` included.
        max_length: inputs of a window; None, or more than the model takes: the model's limit.
        batch_size: windows at once, fewer where logits would fill the memory; the result does not depend on it.
        most_tokens: take documents in their order until so many tokens are predicted, the last one in part.
        progress: told of tokens.

    Raises:
        SpecError: a model that is no decoder or has no head, a setting or document that cannot be.
        NotEnoughData: no token to predict.
        NotFinite: the model's outputs.
    """
    if batch_size < 1:
        raise SpecError(f"batches of {batch_size} windows", "give 1 or more")
    length = window_length(handle, max_length)
    text = documents if isinstance(documents, TokenizedDocuments) else read_documents(handle, documents, most_tokens)
    cut = [windows(ids, length) for ids in text.ids]
    owners = np.repeat(np.arange(len(cut)), [len(own) for own in cut])
    nats = np.zeros(len(cut))
    for rows, found in _window_nats(handle, [window for own in cut for window in own], length, batch_size, progress):
        np.add.at(nats, owners[rows], found)
    tokens, total = text.tokens, float(nats.sum())
    return LanguageLoss(
        nats_per_token=total / int(tokens.sum()),
        bits_per_byte=total / math.log(2) / int(text.bytes.sum()),
        tokens=int(tokens.sum()),
        bytes=int(text.bytes.sum()),
        documents=len(cut),
        spread=ratio_standard_error(nats, tokens),
        max_length=length,
        notes=text.notes,
    )


def _window_nats(
    handle: ModelHandle, cut: list[ndarray], length: int, batch_size: int, progress: Progress
) -> Iterator[tuple[Int[ndarray, " b"], Float[ndarray, " b"]]]:
    """Batches of windows of like length, as indices, and −log p summed over each window."""
    lengths = np.array([len(window) for window in cut])
    order = np.argsort(-lengths, kind="stable")
    start = done = 0
    while start < len(order):
        fitting = _MOST_LOGITS // (int(lengths[order[start]]) * handle.vocabulary_size)
        rows = order[start : start + max(1, min(batch_size, fitting))]
        yield rows, _nats(handle, [cut[i] for i in rows], length)
        start += len(rows)
        done += int(lengths[rows].sum()) - len(rows)
        progress("loss", done, int(lengths.sum()) - len(cut))


def _nats(handle: ModelHandle, cut: list[ndarray], length: int) -> Float[ndarray, " b"]:
    ids, real = pad(cut, handle.pad_id, length + 1)
    logits = handle.logits(torch.from_numpy(ids[:, :-1]), torch.from_numpy(real[:, :-1]).long())  # (B, T, V)
    asked = torch.from_numpy(real[:, 1:]).to(logits.device)
    targets = torch.from_numpy(ids[:, 1:]).to(logits.device)[asked]  # (n,)
    nats = nn.functional.cross_entropy(logits[asked].float(), targets, reduction="none").double().cpu()
    if not torch.isfinite(nats).all():
        raise NotFinite(
            f"{handle.label} gives probabilities that are not finite",
            "look for NaN, infinity or huge values in its weights: a run that diverged has no loss",
        )
    row = np.nonzero(real[:, 1:])[0]
    return np.bincount(row, weights=nats.numpy(), minlength=len(cut))
