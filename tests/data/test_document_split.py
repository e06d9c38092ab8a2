"""The held-out part: no document on both sides, none lost, large enough, the same every time."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lmgeo.core.errors import NotEnoughData
from lmgeo.data.document_split import split_documents


@given(st.lists(st.text(min_size=1, max_size=8), min_size=30, max_size=80))
def test_each_document_is_on_one_side(documents: list[str]) -> None:
    unlike = list(dict.fromkeys(documents))
    if len(unlike) < 30:
        return
    train, held_out = split_documents(documents)
    assert not set(train) & set(held_out)
    assert sorted(train + held_out) == sorted(unlike)
    assert [d for d in unlike if d in set(train)] == train
    assert split_documents(documents) == (train, held_out)
    assert sum(len(d.encode()) for d in held_out) >= 0.02 * sum(len(d.encode()) for d in unlike)


def test_a_twentieth_of_the_documents() -> None:
    _, held_out = split_documents([f"document {i:04}" for i in range(1000)])
    assert len(held_out) == 50


def test_as_many_as_make_a_fiftieth_of_the_text() -> None:
    """One document in twenty would be one short one."""
    documents = [f"{i}" for i in range(14)] + ["a" * 100 + str(i) for i in range(6)]
    _, held_out = split_documents(documents)
    assert sum(map(len, held_out)) >= 0.02 * sum(map(len, documents))


def test_the_large_document_is_trained_on() -> None:
    documents = ["t" * 900, "v" * 50, "w" * 51]
    train, held_out = split_documents(documents)
    assert "t" * 900 in train
    assert len(held_out) == 1


def test_of_two_documents_the_smaller_is_held_out() -> None:
    assert split_documents(["a" * 60, "b" * 40]) == (["a" * 60], ["b" * 40])


@pytest.mark.parametrize("documents", [[], ["a"], ["a", "a"]])
def test_too_few(documents: list[str]) -> None:
    with pytest.raises(NotEnoughData, match="cannot be split"):
        split_documents(documents)


def test_one_document_is_nearly_all() -> None:
    with pytest.raises(NotEnoughData, match="more than 98% of the text"):
        split_documents(["a" * 1000, "b", "c"])
