"""Documentation → prose: code, tables and markup go, sentences stay whole."""

from __future__ import annotations

import pytest

from lmgeo.data.pydocs.clean import paragraphs
from lmgeo.data.pydocs.sentences import is_english, pieces_of

DOCSTRING = """Return the mean of the data.

    The ``data`` may be *any* iterable of
    :class:`~numbers.Real` values [1]_.  It must not be `None`.

    >>> mean([1, 2, 3])
    2

    For example::

        x = mean(data)
        This line is code, although it looks like English.

    * The first item goes on
      over two lines.
    * key: The value of the key is text.

    +------+-------+
    | name | value |
    +------+-------+
    a        b        c

    def mean(data):
"""


def test_a_docstring_becomes_its_prose() -> None:
    assert list(paragraphs(DOCSTRING)) == [
        "Return the mean of the data.",
        "The data may be any iterable of numbers.Real values. It must not be None.",
        "For example::",
        "The first item goes on over two lines.",
        "The value of the key is text.",
    ]


def test_typographic_quotes_become_plain() -> None:
    assert list(paragraphs("It’s a “name”.")) == ['It\'s a "name".']


def test_paragraphs_are_cut_where_sentences_end() -> None:
    text = 'See e.g. The book. It has "two parts." Then comes a.b and more! By J. Doe. Etc. yes'
    assert list(pieces_of(text)) == [
        "See e.g. The book.",
        'It has "two parts."',
        "Then comes a.b and more!",
        "By J. Doe.",
        "Etc. yes",
    ]


@pytest.mark.parametrize(
    ("piece", "expected"),
    [
        ("This is a whole English sentence.", True),
        ('"It was late," said the man with it.', True),
        ("Too short, that is.", False),
        ("starts with a small letter and ends well.", False),
        ("It has no stop at all", False),
        ("The result is x = y for all of them.", False),
        ("Call foo(a, b=2) or bar(c, d=3) for the rest.", False),
        ("Use a.b c.d e.f g.h i.j k.l as names.", False),
        ("Mail guido@python.org about all of these things.", False),
        ("Word " * 100 + "end.", False),
    ],
)
def test_what_is_a_sentence(piece: str, expected: bool) -> None:
    assert is_english(piece) is expected
