"""One pass of texts through a model: every state of every site asked for, batch by batch."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor

from lmgeo.core.errors import NotEnoughData, SpecError, UnknownName
from lmgeo.core.progress import Progress, silent
from lmgeo.core.tokens import TokenSequence
from lmgeo.data.batching import Batch, length_sorted_batches
from lmgeo.models.handle import ModelHandle
from lmgeo.represent.filling import Filling, States, settings_of
from lmgeo.represent.selection import POLICIES, Selection, select

TOKENS_PER_BATCH = 2048  # padding included; measured best on CPU; results depend on it by rounding alone


@dataclass(frozen=True)
class Representation:
    """What a pass gave.

    Attributes:
        states: by site, then by class.
        n_sequences: sequences with at least one token.
        n_tokens: tokens that went through the model, special ones included, padding not.
        n_rows: rows that reached each state.
        notes: what a reader should know.
    """

    states: dict[str, States]
    n_sequences: int
    n_tokens: int
    n_rows: int
    notes: list[str] = field(default_factory=list)


def represent(
    handle: ModelHandle,
    texts: Sequence[str],
    sites: Sequence[str],
    tokens: str,
    states: Mapping[type, Mapping[str, Any]] | Iterable[type],
    seed: int = 0,
    progress: Progress = silent,
    tokens_per_batch: int = TOKENS_PER_BATCH,
) -> Representation:
    """Fill states with a model's hidden states, in memory bounded by one batch.

    Args:
        handle: the model.
        texts: one sequence each, truncated to what the model takes.
        sites: any of the model's, or `all`.
        tokens: `all`, `content`, `last` or `mean`.
        states: classes, or classes with settings for their `empty`.
        seed: for states that sample, unless their settings name one.
        progress: told of tokens.
        tokens_per_batch: padding included.

    Raises:
        UnknownName: a site that the model has not, or an unknown token policy.
        NotEnoughData: no text, or none that leaves a row.
        SpecError: hidden states with NaN or infinity; no tokenizer.
    """
    return represent_each(handle, texts, sites, (tokens,), states, seed, progress, tokens_per_batch)[tokens]


def represent_each(
    handle: ModelHandle,
    texts: Sequence[str],
    sites: Sequence[str],
    policies: Sequence[str],
    states: Mapping[type, Mapping[str, Any]] | Iterable[type],
    seed: int = 0,
    progress: Progress = silent,
    tokens_per_batch: int = TOKENS_PER_BATCH,
) -> dict[str, Representation]:
    """The same under several token policies, by policy, from one pass; arguments and errors as there."""
    chosen = choose_sites(handle, sites)
    for policy in policies:
        if policy not in POLICIES:
            raise UnknownName.among("token policy", policy, POLICIES)
    sequences = _encode(handle, texts)
    fillings = {policy: Filling(settings_of(states, seed), handle.label) for policy in policies}
    n_tokens, done = sum(map(len, sequences)), 0
    for batch, selections in _selections(handle, sequences, policies, tokens_per_batch):
        hidden = _pass(handle, batch, chosen)
        for policy, selection in selections.items():
            fillings[policy].add(hidden, selection)
        hidden.clear()
        done += int(batch.mask.sum())
        progress("tokens", done, n_tokens)
    n_sequences, notes = sum(len(sequence) > 0 for sequence in sequences), _notes(handle, sequences)
    for policy, filling in fillings.items():
        if filling.rows == 0:
            raise NotEnoughData(
                f"token policy {policy!r} leaves no token of {len(texts)} sequences",
                "give texts with content, or the policy 'all'",
            )
    return {
        policy: Representation(filling.finish(), n_sequences, n_tokens, filling.rows, notes)
        for policy, filling in fillings.items()
    }


def choose_sites(handle: ModelHandle, sites: Sequence[str]) -> tuple[str, ...]:
    """The sites asked for, in the model's order; `all` is every one.

    Raises:
        UnknownName: a site that the model has not.
        SpecError: none asked for.
    """
    if not sites:
        raise SpecError("no site asked for", f"choose from: all, {', '.join(handle.sites)}")
    for site in sites:
        if site != "all" and site not in handle.sites:
            raise UnknownName.among("site", site, (*handle.sites, "all"), where=handle.label)
    return handle.sites if "all" in sites else tuple(site for site in handle.sites if site in sites)


def _encode(handle: ModelHandle, texts: Sequence[str]) -> list[TokenSequence]:
    if len(texts) == 0:
        raise NotEnoughData("no text to represent", "give a corpus that holds text")
    sequences = handle.encode(texts)
    if not any(len(sequence) for sequence in sequences):
        raise NotEnoughData(f"none of {len(texts)} texts has a token", "give texts that are not empty")
    return sequences


def _selections(
    handle: ModelHandle, sequences: Sequence[TokenSequence], policies: Sequence[str], tokens_per_batch: int
) -> Iterator[tuple[Batch, dict[str, Selection]]]:
    """Batches and what each policy keeps of them; a batch of which nothing is kept needs no pass."""
    for batch in length_sorted_batches(sequences, tokens_per_batch, handle.pad_id):
        kept = {policy: selection for policy in policies if len(selection := select(batch, policy))}
        if kept:
            yield batch, kept


def _pass(handle: ModelHandle, batch: Batch, sites: Sequence[str]) -> dict[str, Tensor]:
    return handle.forward(torch.from_numpy(batch.ids), torch.from_numpy(batch.mask), sites)


def _notes(handle: ModelHandle, sequences: Sequence[TokenSequence]) -> list[str]:
    notes = list(handle.notes)
    empty = sum(len(sequence) == 0 for sequence in sequences)
    if empty:
        notes.append(f"{empty} of {len(sequences)} sequences have no token and were left out")
    full = sum(len(sequence) == handle.max_length for sequence in sequences)
    if full:
        notes.append(f"{full} of {len(sequences)} sequences fill the model's {handle.max_length} tokens: cut there")
    return notes
