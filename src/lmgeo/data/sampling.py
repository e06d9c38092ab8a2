"""A seeded sample of a corpus."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from lmgeo.core.arrays import Int, ndarray
from lmgeo.core.errors import NotEnoughData, SpecError
from lmgeo.core.seeds import numpy_stream
from lmgeo.data.corpora.kinds import Corpus


@dataclass(frozen=True)
class Sample:
    """Sequences drawn from a corpus, in the corpus's order.

    Attributes:
        texts: the sequences.
        ids: their indices in the corpus, increasing.
        notes: the corpus's notes, and that it held fewer than asked for.
    """

    texts: list[str]
    ids: Int[ndarray, " n"]
    notes: list[str] = field(default_factory=list)


def sample_sequences(corpus: Corpus, n: int, seed: int) -> Sample:
    """`n` sequences drawn uniformly without replacement; all of them, with a note, where there are fewer.

    For one seed a smaller sample is part of a larger one.

    Raises:
        SpecError: `n` below one.
        NotEnoughData: an empty corpus.
    """
    total = len(corpus.sequences)
    if n < 1:
        raise SpecError(f"a sample of {n} sequences", "ask for 1 or more")
    if total == 0:
        raise NotEnoughData(f"corpus {corpus.name!r} is empty", "give a corpus that holds text")
    notes = list(corpus.notes)
    if n > total:
        notes.append(f"{n} sequences asked for; corpus {corpus.name} holds {total}: all were taken")
    order = numpy_stream(seed, "sampling").permutation(total)
    ids = np.sort(order[:n]).astype(np.int64)
    return Sample([corpus.sequences[i] for i in ids], ids, notes)
