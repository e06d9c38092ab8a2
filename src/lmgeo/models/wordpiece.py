"""Learning a WordPiece vocabulary, the same from the same texts every time.

The trainer of the tokenizers library is not: it goes through hash maps in a random order, and two runs on
the same texts give different vocabularies.
"""

from __future__ import annotations

import heapq
import itertools
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping

CONTINUES = "##"  # marks a piece that does not begin a word
Pair = tuple[str, str]


def learn_pieces(words: Mapping[str, int], size: int) -> list[str]:
    """At most `size` pieces: the characters, then merges of the most frequent neighbours, in order.

    Ties go to the alphabetically first pair. Where there are many characters, the most frequent ones are
    kept within half of `size`, and words with others are left out.

    Args:
        words: each word and how often it occurs.
        size: the most pieces.
    """
    alphabet = _alphabet(words, size // 2)
    known = set(alphabet)
    split = [(_characters(word), count) for word, count in sorted(words.items())]
    merging = _Merging([(pieces, count) for pieces, count in split if known.issuperset(pieces)])
    pieces = list(alphabet)
    while len(pieces) < size:
        merged = merging.step()
        if merged is None:
            break
        # two pairs can spell the same piece
        if merged not in known:
            known.add(merged)
            pieces.append(merged)
    return pieces


def _alphabet(words: Mapping[str, int], most: int) -> list[str]:
    counts: Counter[str] = Counter()
    for word, count in words.items():
        for character in _characters(word):
            counts[character] += count
    frequent = sorted(counts, key=lambda c: (-counts[c], c))[:most]
    return sorted(frequent)


def _characters(word: str) -> list[str]:
    return [word[:1], *(CONTINUES + c for c in word[1:])]


class _Merging:
    """Words as lists of pieces, with the counts of neighbouring pairs kept up to date."""

    def __init__(self, words: list[tuple[list[str], int]]) -> None:
        self._words = words
        self._counts: Counter[Pair] = Counter()
        self._where: dict[Pair, set[int]] = defaultdict(set)
        for i, (pieces, count) in enumerate(words):
            for pair in _pairs(pieces):
                self._counts[pair] += count
                self._where[pair].add(i)
        self._heap = [(-count, pair) for pair, count in self._counts.items()]
        heapq.heapify(self._heap)

    def step(self) -> str | None:
        """Merge the most frequent pair everywhere; the new piece, or None when no pair is left."""
        while self._heap:
            count, pair = heapq.heappop(self._heap)
            if -count == self._counts.get(pair, 0) and count < 0:
                self._merge(pair)
                return _joined(pair)
        return None

    def _merge(self, pair: Pair) -> None:
        changed: set[Pair] = set()
        for i in self._where.pop(pair):
            pieces, count = self._words[i]
            merged = _replaced(pieces, pair)
            for old in _pairs(pieces):
                self._counts[old] -= count
                changed.add(old)
            for new in _pairs(merged):
                self._counts[new] += count
                self._where[new].add(i)
                changed.add(new)
            self._words[i] = (merged, count)
        self._counts.pop(pair, None)
        for other in changed - {pair}:
            if self._counts[other] > 0:
                heapq.heappush(self._heap, (-self._counts[other], other))


def _pairs(pieces: list[str]) -> Iterator[Pair]:
    return itertools.pairwise(pieces)


def _joined(pair: Pair) -> str:
    return pair[0] + pair[1].removeprefix(CONTINUES)


def _replaced(pieces: list[str], pair: Pair) -> list[str]:
    """`pieces` with each occurrence of `pair`, from the left, as one piece."""
    merged: list[str] = []
    i = 0
    while i < len(pieces):
        if i + 1 < len(pieces) and (pieces[i], pieces[i + 1]) == pair:
            merged.append(_joined(pair))
            i += 2
        else:
            merged.append(pieces[i])
            i += 1
    return merged
