from __future__ import annotations

import hashlib
import json
import math
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lmgeo.core.errors import SpecError
from lmgeo.core.identity import KEY_LENGTH, canonical_json, content_key, hash_file, hash_texts

SCALARS = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text()
PLAIN = st.recursive(SCALARS, lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner), max_leaves=5)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({"a": 1, "b": 2}, {"b": 2, "a": 1}),
        ({"alpha": 20}, {"alpha": 20.0}),
        (0, -0.0),
        ([1, 2], (1, 2)),
        (1e16, 10**16),
        (1e300, int(1e300)),
        ({"x": {"b": [1.0], "a": None}}, {"x": {"a": None, "b": [1]}}),
        (np.float64(0.5), 0.5),
        ({1: "a"}, {"1": "a"}),
    ],
)
def test_the_same_setting_has_one_text(one: Any, other: Any) -> None:
    assert canonical_json(one) == canonical_json(other)
    assert content_key(one) == content_key(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (True, 1),
        (False, 0),
        (None, "null"),
        ("1", 1),
        ([1, 2], [2, 1]),
        ([[1], 2], [1, [2]]),
        (0.1, 0.1 + 2**-56),
        ({"a": None}, {}),
        ("é", "e\u0301"),
        (2**53, 2**53 + 1),
    ],
)
def test_unlike_settings_have_unlike_texts(one: Any, other: Any) -> None:
    assert canonical_json(one) != canonical_json(other)
    assert content_key(one) != content_key(other)


def test_the_text_is_written_without_spaces_in_the_order_of_keys() -> None:
    assert (
        canonical_json({"b": [1.0, 2.5, "é"], "a": {"c": True, "": None}}) == '{"a":{"":null,"c":true},"b":[1,2.5,"é"]}'
    )


@given(PLAIN)
def test_the_text_is_json_that_reads_back_equal(value: Any) -> None:
    text = canonical_json(value)
    assert canonical_json(json.loads(text)) == text


@given(st.dictionaries(st.text(), SCALARS, max_size=8), st.randoms())
def test_the_order_of_keys_does_not_matter(value: dict[str, Any], shuffler: Any) -> None:
    keys = list(value)
    shuffler.shuffle(keys)
    assert content_key({k: value[k] for k in keys}) == content_key(value)


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_a_float_keeps_its_exact_value(value: float) -> None:
    assert Fraction(json.loads(canonical_json(value))) == Fraction(value)


@pytest.mark.parametrize(
    "value", [math.nan, math.inf, -math.inf, {"a": [math.nan]}, object(), {1, 2}, b"x", np.int64(3)]
)
def test_what_json_cannot_hold_is_refused(value: Any) -> None:
    with pytest.raises(SpecError, match="identity"):
        canonical_json(value)


def test_two_keys_that_read_the_same_are_refused() -> None:
    with pytest.raises(SpecError, match="read the same"):
        canonical_json({1: "a", "1": "b"})


def test_a_key_is_the_head_of_the_sha256_of_the_text() -> None:
    expected = hashlib.sha256(b'{"a":1}').hexdigest()[:KEY_LENGTH]
    assert content_key({"a": 1.0}) == expected == "015abd7f5cc57a2dd94b7590"


def test_a_name_that_is_no_valid_unicode_has_a_key() -> None:
    assert len(content_key("\udcff.txt")) == KEY_LENGTH


def test_a_files_bytes_are_its_hash(tmp_path: Path) -> None:
    a, b, c = (tmp_path / n for n in "abc")
    a.write_bytes(b"one")
    b.write_bytes(b"two")
    c.write_bytes(b"one")
    assert hash_file(a) != hash_file(b)
    assert hash_file(a) == hashlib.sha256(b"one").hexdigest() == hash_file(c)


@pytest.mark.parametrize(
    ("one", "other"), [(["ab", "c"], ["a", "bc"]), (["a", "b"], ["b", "a"]), ([], [""]), (["a"], ["a", ""])]
)
def test_the_bounds_and_order_of_texts_count(one: list[str], other: list[str]) -> None:
    assert hash_texts(one) != hash_texts(other)


def test_texts_of_any_kind_have_a_stable_hash() -> None:
    assert hash_texts(["ä", "\udcff", ""]) == hash_texts(["ä", "\udcff", ""])
    assert len(hash_texts([])) == KEY_LENGTH
