from __future__ import annotations

import copy
import inspect

import pytest

from lmgeo.core import errors
from lmgeo.core.errors import LmgeoError, SpecError, UnknownName, suggestion

LEAVES = [
    leaf
    for _, leaf in inspect.getmembers(errors, inspect.isclass)
    if issubclass(leaf, LmgeoError) and leaf is not LmgeoError
]


def test_the_leaves_are_the_promised_ones() -> None:
    names = {leaf.__name__ for leaf in LEAVES}
    six = {"SpecError", "UnknownName", "NotEnoughData", "IncompatibleState", "MissingExtra", "StoreError"}
    assert names == six | {"Unfinished"}


@pytest.mark.parametrize("leaf", LEAVES)
def test_an_error_says_what_and_mend(leaf: type[LmgeoError]) -> None:
    error = leaf("the value 3", "write 4")
    assert (error.what, error.mend) == ("the value 3", "write 4")
    assert str(error).index("the value 3") < str(error).index("write 4")


@pytest.mark.parametrize("leaf", LEAVES)
def test_an_error_comes_back_whole_from_another_process(leaf: type[LmgeoError]) -> None:
    back = copy.copy(leaf("what", "mend"))  # takes it apart and together as sending it does
    assert type(back) is leaf
    assert (back.what, back.mend) == ("what", "mend")


def test_an_unknown_name_names_the_near_ones_and_the_place() -> None:
    error = UnknownName.among("measure", "ee", ["eee", "isoscore"], "study.yaml:3")
    assert error.what == "unknown measure 'ee' in study.yaml:3"
    assert error.mend == "did you mean 'eee'?"


@pytest.mark.parametrize(
    ("name", "mend"),
    [
        ("bort", "did you mean 'bert'?"),
        ("BERT", "did you mean 'bert'?"),
        ("xyz", "choose one of: bert, modernbert"),
        ("", "choose one of: bert, modernbert"),
    ],
)
def test_suggestions(name: str, mend: str) -> None:
    assert suggestion(name, ["modernbert", "bert"]) == mend


def test_a_suggestion_keeps_the_spelling_of_the_name() -> None:
    assert suggestion("wikitext", ["WikiText"]) == "did you mean 'WikiText'?"


def test_a_name_known_twice_is_suggested_once() -> None:
    assert suggestion("zz", ["alpha", "eee", "alpha"]) == "choose one of: alpha, eee"


def test_a_suggestion_from_nothing() -> None:
    assert suggestion("bert", []) == "none is available here"


def test_errors_are_one_family() -> None:
    with pytest.raises(LmgeoError):
        raise SpecError("a", "b")
