"""What each built-in task asks: sentences → labelled examples in random order."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby, islice

import numpy as np

from lmgeo.core.arrays import ndarray
from lmgeo.data.examples import Examples
from lmgeo.data.pydocs.library import Sentence

# Top-level modules of each group; the language reference is the fourth. Modules that
# some versions or distributions lack stand among others that all have.
_NETWORK = """cgi cgitb email ftplib html http imaplib ipaddress mailbox nntplib poplib smtpd smtplib socket
    socketserver ssl telnetlib urllib wsgiref xmlrpc"""
_CONCURRENCY = """asyncio concurrent contextvars multiprocessing queue sched selectors signal subprocess threading
    _threading_local _weakrefset"""
_TESTING = """bdb cProfile doctest faulthandler inspect logging pdb profile pstats pydoc timeit trace traceback
    tracemalloc unittest warnings"""
TOPIC_GROUPS = {
    "network": frozenset(_NETWORK.split()),
    "concurrency": frozenset(_CONCURRENCY.split()),
    "testing": frozenset(_TESTING.split()),
}
TOPICS = ("language", *TOPIC_GROUPS)


def make_topic(sentences: Sequence[Sentence], rng: np.random.Generator) -> Examples:
    """A sentence; which part of the documentation it comes from."""
    placed = [(s.text, group) for s in sentences if (group := _group(s)) is not None]
    order = rng.permutation(len(placed))
    return Examples([placed[i][0] for i in order], None, np.array([placed[i][1] for i in order], dtype=np.int64))


def make_order(sentences: Sequence[Sentence], rng: np.random.Generator) -> Examples:
    """The first two sentences of a passage; whether they stand as there (1) or the other way round (0)."""
    pairs = _openings(sentences)
    pairs = [pairs[i] for i in rng.permutation(len(pairs))]
    kept = _alternating(len(pairs))
    first = [a if keep else b for (a, b), keep in zip(pairs, kept, strict=True)]
    second = [b if keep else a for (a, b), keep in zip(pairs, kept, strict=True)]
    return Examples(first, second, kept)


def make_shuffled(sentences: Sequence[Sentence], rng: np.random.Generator) -> Examples:
    """A sentence without punctuation; whether its words stand in their own order (0) or shuffled (1)."""
    bare = [words for words in _bare_sentences(sentences) if len(set(words)) >= 5]
    bare = [bare[i] for i in rng.permutation(len(bare))]
    shuffled = _alternating(len(bare))
    texts = [" ".join(_disordered(words, rng) if s else words) for words, s in zip(bare, shuffled, strict=True)]
    return Examples(texts, None, shuffled)


def make_overlap(sentences: Sequence[Sentence], rng: np.random.Generator) -> Examples:
    """A sentence and what is left of it after words were dropped; the share of words left, 0 to 1."""
    bare = [words for words in _bare_sentences(sentences) if 8 <= len(words) <= 24]
    bare = [bare[i] for i in rng.permutation(len(bare))]
    left = [_thinned(words, rng) for words in bare]
    shares = [len(few) / len(all_) for few, all_ in zip(left, bare, strict=True)]
    return Examples([" ".join(w) for w in bare], [" ".join(w) for w in left], np.array(shares, dtype=np.float64))


def _group(sentence: Sentence) -> int | None:
    kind, _, name = sentence.document.partition(":")
    if kind == "topic":
        return 0
    top = name.partition(".")[0]
    return next((index for index, group in enumerate(TOPICS) if index and top in TOPIC_GROUPS[group]), None)


def _openings(sentences: Sequence[Sentence]) -> list[tuple[str, str]]:
    """The first two sentences of every passage that has two."""
    passages = groupby(sentences, key=lambda s: (s.document, s.passage))
    openings = [[s.text for s in islice(passage, 2)] for _, passage in passages]
    return [(pair[0], pair[1]) for pair in openings if len(pair) == 2]


def _alternating(count: int) -> ndarray:
    """Labels 0 and 1 in turn, for what is in random order already: the classes come out equal."""
    return np.arange(count, dtype=np.int64) % 2


def _bare_sentences(sentences: Sequence[Sentence]) -> list[list[str]]:
    """Each sentence's bare words; sentences that differ by their marks alone count once."""
    return [text.split(" ") for text in dict.fromkeys(" ".join(_bare_words(s.text)) for s in sentences)]


def _bare_words(text: str) -> list[str]:
    """Words without the marks that would give their place away."""
    return [bare for word in text.lower().split() if (bare := word.strip(".,;:!?\"'()[]"))]


def _disordered(words: list[str], rng: np.random.Generator) -> list[str]:
    while True:
        mixed = [words[i] for i in rng.permutation(len(words))]
        if mixed != words:
            return mixed


def _thinned(words: list[str], rng: np.random.Generator) -> list[str]:
    """At least one of the words, in their order; how many is uniform."""
    count = int(rng.integers(1, len(words) + 1))
    return [words[i] for i in np.sort(rng.permutation(len(words))[:count])]
