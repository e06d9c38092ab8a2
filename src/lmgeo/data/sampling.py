"""A seeded sample of a corpus: uniform, balanced over its sources, or over bands of length."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import get_args

import numpy as np

from lmgeo.core.arrays import Int, ndarray
from lmgeo.core.errors import NotEnoughData, SpecError, UnknownName
from lmgeo.core.seeds import numpy_stream
from lmgeo.core.spec.blocks import SamplingPolicy
from lmgeo.data.corpora.kinds import Corpus

SAMPLINGS: tuple[str, ...] = get_args(SamplingPolicy)
SAMPLING_VERSION = 1  # of the two that are not uniform; raised whenever one of them draws otherwise
LONGEST_BAND = 6  # 64 words or more are one band
_NAMED = 5  # groups named in a note


@dataclass(frozen=True)
class Sample:
    """Sequences drawn from a corpus, in the corpus's order.

    Attributes:
        texts: the sequences.
        ids: their indices in the corpus, increasing.
        notes: the corpus's notes, that it held fewer than asked for, and which groups were taken whole.
    """

    texts: list[str]
    ids: Int[ndarray, " n"]
    notes: list[str] = field(default_factory=list)


def sample_sequences(corpus: Corpus, n: int, seed: int, sampling: str = "uniform") -> Sample:
    """`n` sequences drawn without replacement; all of them, with a note, where there are fewer.

    `uniform` draws every sequence alike. `balanced` draws equal numbers from each source of the
    corpus (the parts joined with `+`, or a corpus's own documents), `by_length` from each band of
    length (`length_bands`); a group that holds fewer than its share is taken whole, said in the
    notes, and the others share the rest. Numbers of groups that reach differ by one at most. Where
    there is one group, the sample is the uniform one, and a note says so.

    For one seed a smaller sample is part of a larger one, whatever the sampling.

    Raises:
        SpecError: `n` below one.
        NotEnoughData: an empty corpus.
        UnknownName: another sampling.
    """
    total = len(corpus.sequences)
    if n < 1:
        raise SpecError(f"a sample of {n} sequences", "ask for 1 or more")
    if sampling not in SAMPLINGS:
        raise UnknownName.among("sampling", sampling, SAMPLINGS)
    if total == 0:
        raise NotEnoughData(f"corpus {corpus.name!r} is empty", "give a corpus that holds text")
    notes = list(corpus.notes)
    if n > total:
        notes.append(f"{n} sequences asked for; corpus {corpus.name} holds {total}: all were taken")
    order = numpy_stream(seed, "sampling").permutation(total)
    if sampling != "uniform":
        groups = _GROUPS[sampling](corpus)
        order = _in_turn(order, groups, seed)
        notes += _group_notes(sampling, corpus.name, Counter(groups), Counter(groups[i] for i in order[:n]))
    ids = np.sort(order[:n]).astype(np.int64)
    return Sample([corpus.sequences[i] for i in ids], ids, notes)


def length_bands(sequences: Sequence[str]) -> list[str]:
    """The band of length of each sequence, in words parted by white space: 1, 2–3, 4–7 … 32–63, 64 or more.

    Bands double, so that they are the same for every corpus. Quantiles of a corpus's own lengths
    would give equal numbers a band in a uniform sample already, and so nearly the uniform sample.
    """
    bands = [min(max(1, len(text.split())).bit_length() - 1, LONGEST_BAND) for text in sequences]
    return [_band_name(band) for band in bands]


def _band_name(band: int) -> str:
    if band == 0:
        return "1 word"
    return f"{2**band} words or more" if band == LONGEST_BAND else f"{2**band}–{2 ** (band + 1) - 1} words"


_GROUPS: dict[str, Callable[[Corpus], list[str]]] = {
    "balanced": lambda corpus: corpus.sources or [corpus.name] * len(corpus.sequences),
    "by_length": lambda corpus: length_bands(corpus.sequences),
}


def _in_turn(order: Int[ndarray, " n"], groups: list[str], seed: int) -> Int[ndarray, " n"]:
    """The sequences of `order`, round by round: one of each group that still has one.

    Groups come in a seeded order, so that a last round cut short favours none.
    """
    names = sorted(set(groups))
    numbers = {name: i for i, name in enumerate(names)}
    group = np.array([numbers[groups[i]] for i in order], dtype=np.int64)
    place = numpy_stream(seed, "sampling", "groups").permutation(len(names))
    return order[np.lexsort((place[group], _occurrence(group)))]


def _occurrence(group: Int[ndarray, " n"]) -> Int[ndarray, " n"]:
    """How many of the same group stand before each entry."""
    by_group = np.argsort(group, kind="stable")
    starts = np.searchsorted(group[by_group], group[by_group], side="left")
    count = np.empty(len(group), dtype=np.int64)
    count[by_group] = np.arange(len(group)) - starts
    return count


def _group_notes(sampling: str, corpus: str, held: Counter[str], drawn: Counter[str]) -> list[str]:
    """What a reader should know of a sample in groups: that there is one only, or which fell short of their share."""
    one, several = ("source", "sources") if sampling == "balanced" else ("band of length", "bands of length")
    if len(held) == 1:
        return [f"sampling {sampling!r}: corpus {corpus} has one {one}, so this is the uniform sample"]
    share = max(drawn.values())
    short = [name for name in sorted(held) if drawn[name] == held[name] < share]
    if not short:
        return []
    more = f" and {len(short) - _NAMED} more" if len(short) > _NAMED else ""
    which = f"{', '.join(f'{name} ({held[name]})' for name in short[:_NAMED])}{more}"
    return [
        f"sampling {sampling!r}: {len(short)} of {len(held)} {several} hold fewer than the {share} drawn of the others "
        f"and were taken whole: {which}"
    ]
