"""Samples: without replacement, seeded, in the corpus's order; uniform, balanced, by length."""

from __future__ import annotations

from collections import Counter
from itertools import pairwise

import numpy as np
import pytest

from lmgeo.core.errors import NotEnoughData, SpecError, UnknownName
from lmgeo.data.corpora import Corpus
from lmgeo.data.sampling import SAMPLINGS, length_bands, sample_sequences

CORPUS = Corpus("numbers", [str(i) for i in range(100)], ["a note"])


def in_parts(**sizes: int) -> Corpus:
    """A corpus of several sources, each text's first word its source, and of lengths that go round 1 … 9."""
    sources = [name for name, size in sizes.items() for _ in range(size)]
    texts = [" ".join([name, *(["word"] * (i % 9))]) for i, name in enumerate(sources)]
    return Corpus("parts", texts, [], sources)


def test_a_sample_is_part_of_the_corpus_in_its_order() -> None:
    sample = sample_sequences(CORPUS, 30, seed=1)
    assert sample.texts == [CORPUS.sequences[i] for i in sample.ids]
    assert (np.diff(sample.ids) > 0).all()
    assert sample.notes == ["a note"]


def test_seeds_decide() -> None:
    first, again, other = (sample_sequences(CORPUS, 30, seed=s).texts for s in (1, 1, 2))
    assert first == again != other


def test_a_smaller_sample_is_part_of_a_larger() -> None:
    assert set(sample_sequences(CORPUS, 10, 3).texts) < set(sample_sequences(CORPUS, 50, 3).texts)


def test_more_than_there_is_takes_all_and_says_so() -> None:
    sample = sample_sequences(CORPUS, 101, seed=0)
    assert sample.texts == CORPUS.sequences
    assert "101 sequences asked for" in sample.notes[-1]
    assert sample_sequences(CORPUS, 100, 0).notes == ["a note"]


def test_every_sequence_is_as_likely() -> None:
    counts = np.zeros(100)
    for seed in range(400):
        counts[sample_sequences(CORPUS, 25, seed).ids] += 1
    # binomial with mean 100 and standard deviation 8.7: five of those
    assert abs(counts - 100).max() < 45


def test_nothing_asked_for_or_there() -> None:
    with pytest.raises(SpecError):
        sample_sequences(CORPUS, 0, 0)
    with pytest.raises(NotEnoughData):
        sample_sequences(Corpus("none", []), 1, 0)


@pytest.mark.parametrize("sampling", SAMPLINGS)
@pytest.mark.parametrize("corpus", [CORPUS, in_parts(a=200, b=40, c=7), in_parts(**{f"s{i}": 3 for i in range(70)})])
def test_whatever_the_sampling_smaller_samples_are_parts_of_larger(sampling: str, corpus: Corpus) -> None:
    total = len(corpus.sequences)
    samples = [set(sample_sequences(corpus, n, 5, sampling).ids) for n in (1, 10, 33, 60, total, total + 1)]
    assert [len(s) for s in samples] == [1, 10, 33, 60, total, total]
    assert all(small <= large for small, large in pairwise(samples))


def test_balanced_takes_equal_numbers_as_far_as_sources_reach() -> None:
    corpus = in_parts(a=200, b=40, c=7)
    drawn = sample_sequences(corpus, 87, 1, "balanced")
    assert Counter(text.split()[0] for text in drawn.texts) == {"a": 40, "b": 40, "c": 7}
    assert drawn.texts == [corpus.sequences[i] for i in drawn.ids]
    (note,) = drawn.notes
    assert "1 of 3 sources hold fewer than the 40 drawn of the others and were taken whole: c (7)" in note
    counts = Counter(text.split()[0] for text in sample_sequences(corpus, 20, 1, "balanced").texts)
    assert sorted(counts.values()) == [6, 7, 7]
    assert sample_sequences(corpus, 20, 1, "balanced").notes == []


def test_within_a_source_every_sequence_is_as_likely_and_so_is_every_source_of_a_last_round() -> None:
    corpus = in_parts(a=80, b=20)
    seen, odd = np.zeros(100), 0
    for seed in range(400):
        ids = sample_sequences(corpus, 21, seed, "balanced").ids
        seen[ids] += 1
        odd += int((ids < 80).sum() == 11)
    # 10.5 of 80 and of 20 a draw; binomial standard deviations 6.8 and 10, and 10 of the odd one's 200
    assert abs(seen[:80] - 400 * 10.5 / 80).max() < 35
    assert abs(seen[80:] - 400 * 10.5 / 20).max() < 50
    assert abs(odd - 200) < 50


def test_balanced_over_one_source_is_uniform_and_says_so() -> None:
    for corpus in (CORPUS, Corpus("numbers", CORPUS.sequences, [], ["all"] * 100)):
        uniform, balanced = (sample_sequences(corpus, 30, 7, how) for how in ("uniform", "balanced"))
        assert balanced.texts == uniform.texts
        assert balanced.notes[-1] == "sampling 'balanced': corpus numbers has one source, so this is the uniform sample"
    same_length = sample_sequences(CORPUS, 30, 7, "by_length")
    assert same_length.texts == sample_sequences(CORPUS, 30, 7).texts
    assert "one band of length" in same_length.notes[-1]


def test_bands_of_length_double() -> None:
    words = [0, 1, 2, 3, 4, 7, 8, 15, 16, 31, 32, 63, 64, 1000]
    bands = length_bands([" ".join(["w"] * n) for n in words])
    assert bands == [
        "1 word", "1 word", "2–3 words", "2–3 words", "4–7 words", "4–7 words", "8–15 words", "8–15 words",
        "16–31 words", "16–31 words", "32–63 words", "32–63 words", "64 words or more", "64 words or more",
    ]  # fmt: skip


def test_by_length_takes_equal_numbers_from_the_bands() -> None:
    corpus = in_parts(a=900)  # 100 each of 1 … 9 words: 100, 200, 400 and 200 a band
    drawn = sample_sequences(corpus, 440, 2, "by_length")
    assert Counter(length_bands(drawn.texts)) == {"1 word": 100, "2–3 words": 114, "4–7 words": 113, "8–15 words": 113}
    assert "taken whole: 1 word (100)" in drawn.notes[-1]


def test_many_short_sources_are_counted_and_some_named() -> None:
    corpus = in_parts(long=500, **{f"s{i}": 2 for i in range(30)})
    (note,) = sample_sequences(corpus, 200, 0, "balanced").notes
    assert "30 of 31 sources" in note
    assert note.endswith("s10 (2), s11 (2), s12 (2) and 25 more")


def test_another_sampling_is_answered_with_the_near_name() -> None:
    with pytest.raises(UnknownName, match="did you mean 'balanced'"):
        sample_sequences(CORPUS, 3, 0, "balancd")
