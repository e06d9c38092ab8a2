"""`name(key=value,…)`: read without evaluating anything, written in one way."""

from __future__ import annotations

import pytest

from lmgeo.core.errors import SpecError
from lmgeo.core.spec.call import format_call, parse_call


@pytest.mark.parametrize(
    ("text", "name", "settings"),
    [
        ("default", "default", {}),
        (" default ( ) ", "default", {}),
        ("default(bits=6,codebooks=2)", "default", {"bits": 6, "codebooks": 2}),
        ("default( codebooks = 2 , bits = 6 )", "default", {"codebooks": 2, "bits": 6}),
        ("a(x=none,y=True,z=false,w=word,v=-3)", "a", {"x": None, "y": True, "z": False, "w": "word", "v": -3}),
        ("a(x=__import__.os)", "a", {"x": "__import__.os"}),
    ],
)
def test_what_is_read(text: str, name: str, settings: dict[str, object]) -> None:
    assert parse_call(text, "thing") == (name, settings)


@pytest.mark.parametrize(
    "text", ["a(x=1", "a)", "a(x=1))b", "a(x)", "a(=1)", "a(x=)", "a(x=1,,y=2)", "a(x=1,x=2)", "a(,)"]
)
def test_what_is_refused(text: str) -> None:
    with pytest.raises(SpecError) as caught:
        parse_call(text, "thing")
    assert "thing" in caught.value.what


def test_one_way_to_write_it() -> None:
    assert format_call("a", {}) == "a"
    settings = {"y": None, "x": 3, "b": True, "s": "word"}
    assert format_call("a", settings) == "a(b=true,s=word,x=3,y=none)"
    assert parse_call(format_call("a", settings), "thing") == ("a", settings)
