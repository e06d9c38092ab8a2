"""Which documents are kept from training."""

from __future__ import annotations

from collections.abc import Sequence

from lmgeo.core.errors import NotEnoughData
from lmgeo.core.seeds import numpy_stream

HELD_OUT_SHARE = 0.05  # of the documents
LEAST_OF_THE_TEXT = 0.02
LARGE = 0.2  # of the text: a document that should not be held out where there are others
LEAST_CHARACTERS = 20  # of a line that counts as a sequence: headings and stubs do not
SPLIT_SEED = 0  # the split is the same for every run on a corpus: losses compare across seeds


def split_documents(documents: Sequence[str]) -> tuple[list[str], list[str]]:
    """Training and held-out documents, each in the order given; copies of a document count once.

    Held out are 5 % of the documents, by a permutation that every run shares, and then as many more as it takes to
    hold out 2 % of the text; documents of more than a fifth of it are taken last.

    Raises:
        NotEnoughData: fewer than two unlike documents, or all of them but one are less than 2 % of the text.
    """
    unlike = list(dict.fromkeys(documents))
    if len(unlike) < 2:
        raise NotEnoughData(
            f"{len(unlike)} document cannot be split into a training part and a held-out one",
            "give a corpus of two or more documents",
        )
    held_out = _held_out([len(text.encode()) for text in unlike])
    return (
        [text for i, text in enumerate(unlike) if i not in held_out],
        [text for i, text in enumerate(unlike) if i in held_out],
    )


def lines_of(documents: Sequence[str]) -> list[str]:
    """The unlike lines of documents that have 20 characters or more, as sequences."""
    lines = (line.strip() for document in documents for line in document.splitlines())
    return [line for line in dict.fromkeys(lines) if len(line) >= LEAST_CHARACTERS]


def _held_out(sizes: list[int]) -> set[int]:
    order = numpy_stream(SPLIT_SEED, "held_out").permutation(len(sizes)).tolist()
    large = LARGE * sum(sizes)
    order.sort(key=lambda i: sizes[i] if sizes[i] > large else 0)  # stable: the others stay as drawn
    fewest, least = round(len(sizes) * HELD_OUT_SHARE), LEAST_OF_THE_TEXT * sum(sizes)
    taken: set[int] = set()
    size = 0
    for i in order[:-1]:  # one is left to train on
        taken.add(i)
        size += sizes[i]
        if len(taken) >= fewest and size >= least:
            return taken
    raise NotEnoughData(
        f"one of {len(sizes)} documents is more than {1 - LEAST_OF_THE_TEXT:.0%} of the text: nothing can be held out",
        "join the corpus with another (`+`), or cut the large document up",
    )
