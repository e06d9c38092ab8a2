"""Numbers as they are shown."""

from __future__ import annotations

import pytest

from lmgeo.report import wording


@pytest.mark.parametrize(
    ("value", "text"), [(0.9017, "0.90"), (-0.5, "−0.50"), (-0.001, "0.00"), (None, "–"), (1.0, "1.00")]
)
def test_coefficients(value: float | None, text: str) -> None:
    assert wording.coefficient(value) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (1000, "1000"),
        (12345, "12,345"),
        (-3, "−3"),
        (0.123456, "0.1235"),
        (float("nan"), ""),
        ("x", "x"),
        (2.0, "2"),
        (1e-9, "1e−09"),
    ],
)
def test_numbers(value: object, text: str) -> None:
    assert wording.number(value) == text


@pytest.mark.parametrize(
    ("seconds", "text"), [(0.2, "under 1 s"), (12, "12 s"), (200, "3 min 20 s"), (180, "3 min"), (7500, "2 h 5 min")]
)
def test_durations(seconds: float, text: str) -> None:
    assert wording.duration(seconds) == text


def test_nested_settings_are_one_line() -> None:
    value = {"corpus": "pydocs", "noise": [{"alpha": [0, 20], "rule": None}], "rate": 2e-5}
    assert wording.readable(value) == "corpus pydocs · noise alpha 0, 20 · rate 2e−05"


def test_columns_are_aligned() -> None:
    assert wording.aligned([0.802, 0.79861, float("nan"), -0.5]) == ["0.8020", "0.7986", "", "−0.5000"]
    assert wording.aligned([0.0, 20.0, float("nan")]) == ["0", "20", ""]
    assert wording.aligned([1027.25, 3.0]) == ["1027", "3"]
    assert wording.aligned([]) == []


def test_probabilities_and_lists() -> None:
    assert wording.probability(1e-9) == "< 0.001"
    assert wording.probability(0.0314) == "0.031"
    assert wording.interval([-0.1, 0.25]) == "−0.10 to 0.25"
    assert wording.listed([str(i) for i in range(12)]) == "0, 1, 2, 3, 4, 5, … 11 (12)"
    assert wording.count(1, "model") == "1 model"
