"""Two models, or two sites of one, on the same texts: the states of each and of their rows side by side."""

from __future__ import annotations

import dataclasses
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch

from lmgeo.core.arrays import Int, ndarray
from lmgeo.core.errors import NotEnoughData, SpecError, UnknownName
from lmgeo.core.progress import Progress, silent
from lmgeo.core.tokens import TokenSequence
from lmgeo.data.batching import Batch, length_sorted_batches, pad
from lmgeo.models.handle import ModelHandle
from lmgeo.represent.filling import ROWS_PER_UPDATE, joined, refuse_non_finite, settings_of
from lmgeo.represent.run import TOKENS_PER_BATCH
from lmgeo.represent.selection import POLICIES, select
from lmgeo.states.batch import RowBatch
from lmgeo.states.comoments import CoMoments
from lmgeo.states.state import StateClass

A_ROW_A_SEQUENCE = ("last", "mean")  # under these policies rows pair whatever the tokenizers


@dataclass(frozen=True)
class Side:
    """One of two clouds to be: a model and the site its rows are taken at."""

    handle: ModelHandle
    site: str


@dataclass
class Pairing:
    """What a pass over both gave.

    Attributes:
        joint: of the paired rows; None where it was not asked for.
        a, b: states of each side alone, by class.
        n_rows: rows of each side.
        notes: what a reader should know.
    """

    joint: CoMoments | None
    a: dict[StateClass, Any]
    b: dict[StateClass, Any]
    n_rows: int
    notes: list[str] = field(default_factory=list)


def represent_pair(
    a: Side,
    b: Side,
    texts: Sequence[str],
    tokens: str,
    *,
    joint: bool,
    kinds: Collection[StateClass] = (),
    seed: int = 0,
    progress: Progress = silent,
) -> Pairing:
    """Run texts through both sides and fill the states; one model with two sites is run once.

    Args:
        a, b: the sides.
        texts: one sequence each, truncated to what both models take.
        tokens: `all`, `content`, `last` or `mean`.
        joint: whether rows are paired.
        kinds: states to fill of each side alone.
        seed: of those that sample.
        progress: told of sequences.

    Raises:
        UnknownName: a site that a model has not, or an unknown policy.
        NotEnoughData: no text, or none that leaves a row.
        SpecError: rows that do not pair, NaN or infinity among them, no tokenizer.
    """
    if tokens not in POLICIES:
        raise UnknownName.among("token policy", tokens, POLICIES)
    for side in (a, b):
        if side.site not in side.handle.sites:
            raise UnknownName.among("site", side.site, side.handle.sites, where=side.handle.label)
    encoded, notes = _encoded(a, b, texts)
    if joint and tokens not in A_ROW_A_SEQUENCE:
        _refuse_unlike(a, b, encoded)
    filling = _Filling(joint, settings_of(kinds, seed))
    done = 0
    for rows_a, rows_b, sequences in _batches(a, b, encoded, tokens):
        filling.add(rows_a, rows_b)
        done += sequences
        progress("sequences", done, len(encoded[0]))
    found = filling.finish()
    if found.n_rows == 0:
        mend = "give texts with content, or the policy 'all'"
        raise NotEnoughData(f"token policy {tokens!r} leaves no token of {len(texts)} sequences", mend)
    return dataclasses.replace(found, notes=notes)


def _encoded(
    a: Side, b: Side, texts: Sequence[str]
) -> tuple[tuple[list[TokenSequence], list[TokenSequence]], list[str]]:
    """The token sequences of both sides; a text without a token in either is in neither."""
    limit = min(a.handle.max_length, b.handle.max_length)
    first = a.handle.encode(texts, max_length=limit)
    second = first if a.handle is b.handle else b.handle.encode(texts, max_length=limit)
    kept = [i for i, both in enumerate(zip(first, second, strict=True)) if all(map(len, both))]
    if not kept:
        raise NotEnoughData(f"none of {len(texts)} texts has a token", "give a corpus that holds text")
    notes = list(dict.fromkeys([*a.handle.notes, *b.handle.notes]))
    if len(kept) < len(texts):
        notes.append(f"{len(texts) - len(kept)} of {len(texts)} sequences have no token and were left out")
    full = sum(len(first[i]) == limit for i in kept)
    if full:
        notes.append(f"{full} of {len(texts)} sequences fill {limit} tokens: cut there")
    return ([first[i] for i in kept], [second[i] for i in kept]), notes


def _refuse_unlike(a: Side, b: Side, encoded: tuple[list[TokenSequence], list[TokenSequence]]) -> None:
    for first, second in zip(*encoded, strict=True):
        if not np.array_equal(first.ids, second.ids):
            raise SpecError(
                f"{a.handle.label} and {b.handle.label} split text into unlike tokens, so their rows do not pair",
                "use --tokens mean: one row a sequence",
            )


def _batches(
    a: Side, b: Side, encoded: tuple[list[TokenSequence], list[TokenSequence]], tokens: str
) -> Iterator[tuple[RowBatch, RowBatch, int]]:
    """The selected rows of both sides, of the same sequences in the same order."""
    longer = [max(both, key=len) for both in zip(*encoded, strict=True)]
    for group in length_sorted_batches(longer, TOKENS_PER_BATCH, 0):
        batches = [_batch(side, sequences, group.index) for side, sequences in zip((a, b), encoded, strict=True)]
        if a.handle is b.handle:
            rows = _rows(a.handle, batches[0], (a.site, b.site), tokens)
        else:
            rows = [_rows(s.handle, batch, (s.site,), tokens)[0] for s, batch in zip((a, b), batches, strict=True)]
        yield rows[0], rows[1], len(group.index)


def _batch(side: Side, sequences: list[TokenSequence], index: Int[ndarray, " b"]) -> Batch:
    return dataclasses.replace(pad([sequences[i] for i in index], side.handle.pad_id), index=index)


def _rows(handle: ModelHandle, batch: Batch, sites: Sequence[str], tokens: str) -> list[RowBatch]:
    selection = select(batch, tokens)
    hidden = handle.forward(torch.from_numpy(batch.ids), torch.from_numpy(batch.mask), tuple(dict.fromkeys(sites)))
    found = [selection.batch(hidden[site]) for site in sites]
    for rows, site in zip(found, sites, strict=True):
        refuse_non_finite(rows.rows, f"{handle.label} at {site}")
    return found


class _Filling:
    """Feeds states many rows at a time."""

    def __init__(self, joint: bool, settings: Mapping[StateClass, Mapping[str, Any]]) -> None:
        self._joint = joint
        self._settings = settings
        self._pending: tuple[list[RowBatch], list[RowBatch]] = ([], [])
        self._held = 0
        self._found = Pairing(None, {}, {}, 0)

    def add(self, a: RowBatch, b: RowBatch) -> None:
        if len(a) or len(b):
            self._pending[0].append(a)
            self._pending[1].append(b)
            self._held += len(a)
            self._found.n_rows += len(a)
        if self._held >= ROWS_PER_UPDATE:
            self._flush()

    def finish(self) -> Pairing:
        self._flush()
        return self._found

    def _flush(self) -> None:
        if not self._pending[0]:
            return
        a, b = (joined(batches) for batches in self._pending)
        self._pending[0].clear()
        self._pending[1].clear()
        self._held = 0
        for states, rows in ((self._found.a, a), (self._found.b, b)):
            for kind in self._settings:
                if kind not in states:
                    states[kind] = kind.empty(rows.d, **self._settings[kind])
                states[kind].update(rows)
        if self._joint:
            both = np.concatenate([a.array, b.array], axis=1)
            joint = self._found.joint or CoMoments.empty(a.d + b.d, left=a.d)
            joint.update(RowBatch(both, a.sequence, a.position, a.special))
            self._found.joint = joint
