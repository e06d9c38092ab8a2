"""Samples: uniform, without replacement, seeded, in the corpus's order."""

from __future__ import annotations

import numpy as np
import pytest

from lmgeo.core.errors import NotEnoughData, SpecError
from lmgeo.data.corpora import Corpus
from lmgeo.data.sampling import sample_sequences

CORPUS = Corpus("numbers", [str(i) for i in range(100)], ["a note"])


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
