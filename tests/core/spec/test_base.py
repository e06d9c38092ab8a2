from __future__ import annotations

import math
from typing import Any

import pytest
from pydantic import Field

from lmgeo.core.errors import SpecError, UnknownName
from lmgeo.core.spec.base import Strict, expand_axes, is_list_field, one_kind, validate
from lmgeo.core.spec.document import Document, parse_document


class Point(Strict):
    width: int = Field(8, ge=1)
    rate: float = 0.5
    tag: str | None = None
    flag: bool = False
    sites: list[str] = ["final"]  # noqa: RUF012 pydantic copies it


def read(text: str) -> Document:
    return parse_document(text, "s.yaml")


def check(text: str) -> Point:
    document = read(text)
    return validate(Point, document.value, document)


def test_defaults_are_filled_in() -> None:
    assert check("width: 3").resolved() == {"width": 3, "rate": 0.5, "tag": None, "flag": False, "sites": ["final"]}


def test_a_number_in_yaml_s_other_spelling_is_a_number() -> None:
    assert check("rate: 1e-2").rate == 0.01  # YAML 1.1 reads 1e-2 as text


@pytest.mark.parametrize(
    ("text", "what", "mend"),
    [
        ("width: 3\nwith: 4", "s.yaml:2, key with: unknown key 'with'", "did you mean 'width'?"),
        ("\nwidth: many", "s.yaml:2, key width is 'many'", "correct"),
        ("width: 0", "s.yaml:1, key width is 0: Input should be greater than or equal to 1", "correct"),
        ("width: 1.5", "key width is 1.5", "correct"),
        ("width: yes", "key width is True, not a number", "number"),
        ("rate: no", "key rate is False, not a number", "number"),
        ("rate: .nan", "key rate is nan", "correct"),
        ("rate: .inf", "key rate is inf", "correct"),
        ("sites: final", "key sites is 'final'", "correct"),
        ("sites: [final,\n 3]", "s.yaml:2, key sites[1] is 3", "correct"),
        ("[1, 2]", "is [1, 2], not a block", "width"),
        ("5", "is 5, not a block", "width"),
        ("", "is None, not a block", "width"),
    ],
)
def test_a_mistake_is_shown_with_its_place_and_mend(text: str, what: str, mend: str) -> None:
    with pytest.raises(SpecError) as raised:
        check(text)
    assert what in raised.value.what
    assert mend in raised.value.mend


def test_a_missing_field_is_named() -> None:
    class Needs(Strict):
        tasks: list[str]

    document = read("{}")
    with pytest.raises(SpecError, match="tasks is missing"):
        validate(Needs, document.value, document)


def test_a_switch_may_be_switched() -> None:
    assert check("flag: yes").flag is True


def test_a_spec_cannot_be_changed() -> None:
    with pytest.raises(ValueError, match="frozen"):
        Point().width = 3  # type: ignore[misc]


def test_defaults_are_not_shared() -> None:
    Point().sites.append("x")
    assert Point().sites == ["final"]


def expand(raw: dict[str, Any]) -> list[Point]:
    return expand_axes(Point, raw, Document("s.yaml", raw))


def test_lists_under_scalars_are_axes() -> None:
    points = expand({"width": [1, 2], "rate": [0.1, 0.2, 0.3], "sites": ["a", "b"]})
    assert [(p.width, p.rate) for p in points] == [(w, r) for w in (1, 2) for r in (0.1, 0.2, 0.3)]
    assert all(p.sites == ["a", "b"] for p in points)


@pytest.mark.parametrize("sizes", [(1, 1), (3, 1), (4, 5)])
def test_a_grid_is_the_product_of_its_axes(sizes: tuple[int, int]) -> None:
    a, b = sizes
    assert len(expand({"width": list(range(1, a + 1)), "rate": list(range(b))})) == math.prod(sizes)


def test_a_block_without_lists_is_one_point() -> None:
    assert expand({"width": 4}) == [Point(width=4)]
    assert expand({}) == [Point()]


def test_an_axis_is_checked_at_every_point() -> None:
    document = read("a: {width: [1, 0]}")
    with pytest.raises(SpecError, match=r"s\.yaml:1, key a\.width is 0"):
        expand_axes(Point, document.value["a"], document, ("a",))


def test_an_empty_axis_is_refused() -> None:
    with pytest.raises(SpecError, match="key width is an empty list"):
        expand({"width": []})


def test_a_grid_of_no_block_is_refused() -> None:
    with pytest.raises(SpecError, match="not a block"):
        expand_axes(Point, 3, Document("s.yaml", 3))


def test_list_fields_are_told_apart() -> None:
    assert [name for name in Point.model_fields if is_list_field(Point, name)] == ["sites"]


@pytest.mark.parametrize("raw", [{"noise": {"alpha": 1}}, {"noise": None}, {"noise": 1, "name": "x"}])
def test_the_one_kind_is_found(raw: dict[str, Any]) -> None:
    assert one_kind(raw, ["noise", "prune"], Document("s.yaml", raw), (), "perturbation") == "noise"


def test_two_kinds_or_none_are_refused() -> None:
    document = read("- noise: {}\n  prune: {}\n- niose: {}\n- {}\n- noise")
    for i, error, said in [
        (0, SpecError, "holds noise and prune"),
        (1, UnknownName, "unknown perturbation 'niose'"),
        (2, UnknownName, "unknown perturbation ''"),
        (3, SpecError, "not a block"),
    ]:
        with pytest.raises(error, match=said) as raised:
            one_kind(document.value[i], ["noise", "prune"], document, (i,), "perturbation")
        assert "s.yaml" in raised.value.what
        assert "noise" in str(raised.value)
