"""What each built-in task asks: sentences → labelled examples in random order."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

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
    """Two neighbouring sentences; whether they stand as in the text (1) or the other way round (0)."""
    pairs = list(_neighbours(sentences))
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
    """A sentence and a copy in which some words are another sentence's; the share of words kept, 0 to 1."""
    bare = [words for words in _bare_sentences(sentences) if 8 <= len(words) <= 24]
    bare = [bare[i] for i in rng.permutation(len(bare))]
    half = len(bare) // 2  # the other half only lends words, so no text is in two examples
    pairs = [_mixed(own, other, rng) for own, other in zip(bare[:half], bare[half : 2 * half], strict=True)]
    firsts, seconds, shares = zip(*pairs, strict=True)
    return Examples(list(firsts), list(seconds), np.array(shares, dtype=np.float64))


def _group(sentence: Sentence) -> int | None:
    kind, _, name = sentence.document.partition(":")
    if kind == "topic":
        return 0
    top = name.partition(".")[0]
    return next((index for index, group in enumerate(TOPICS) if index and top in TOPIC_GROUPS[group]), None)


def _neighbours(sentences: Sequence[Sentence]) -> Iterator[tuple[str, str]]:
    """Pairs that follow one another in a passage, each sentence in one pair at most."""
    previous: Sentence | None = None
    for sentence in sentences:
        if previous is not None and _follows(previous, sentence):
            yield previous.text, sentence.text
            previous = None
        else:
            previous = sentence


def _follows(a: Sentence, b: Sentence) -> bool:
    return (a.document, a.passage, a.position + 1) == (b.document, b.passage, b.position)


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


def _mixed(own: list[str], other: list[str], rng: np.random.Generator) -> tuple[str, str, float]:
    target = rng.uniform()
    lent = rng.uniform(size=len(own)) >= target
    mixed = [other[i % len(other)] if take else word for i, (word, take) in enumerate(zip(own, lent, strict=True))]
    share = sum(a == b for a, b in zip(own, mixed, strict=True)) / len(own)
    return " ".join(own), " ".join(mixed), share
