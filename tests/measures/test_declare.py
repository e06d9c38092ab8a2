"""Declaring measures: ranges as symbols, definitions from docstrings, mistakes refused."""

from __future__ import annotations

from typing import Any

import pytest

from lmgeo.core.errors import SpecError
from lmgeo.core.registry import Registry
from lmgeo.measures import declare
from lmgeo.measures.declare import MEASURES, SYMBOLS, Measure, Valued, measure


@pytest.fixture
def registry(monkeypatch: pytest.MonkeyPatch) -> Registry[Measure]:
    fresh: Registry[Measure] = Registry("measure", "lmgeo.core")
    monkeypatch.setattr(declare, "MEASURES", fresh)
    return fresh


def declared(function: Any, **changes: Any) -> Any:
    settings = {"state": int, "unit": "1", "range": (0, "d"), "keeps": {"shift"}, "direction": "higher = more"}
    return measure(**{**settings, **changes})(function)


def double(state: int) -> float:
    """Twice the state.

    More words, which the definition leaves out.
    """
    return 2.0 * state


def test_registers_under_the_functions_name(registry: Registry[Measure]) -> None:
    assert declared(double) is double
    assert registry["double"].definition == "Twice the state."
    assert registry["double"].function(2) == 4.0


def test_registers_under_each_prefix(registry: Registry[Measure]) -> None:
    declared(double, name="two", prefixes=("pq_", "lsq_"))
    assert list(registry) == ["lsq_two", "pq_two"]


@pytest.mark.parametrize(
    ("bound", "n", "d", "centred", "expected"),
    [
        (None, 5, 3, True, None),
        (1.5, 5, 3, True, 1.5),
        ("n", 5, 3, True, 5),
        ("d", 5, 3, True, 3),
        ("r", 2, 3, True, 2),
        ("min(n-1, d)", 3, 3, True, 2),
        ("min(n-1, d)", 3, 3, False, 3),
        ("((r-1)/r)^2", 9, 4, True, 0.5625),
        ("((r-1)/r)^2", 0, 4, True, 0.0),
    ],
)
def test_limits_in_numbers(
    registry: Registry[Measure], bound: Any, n: int, d: int, centred: bool, expected: float | None
) -> None:
    declared(double, range=(0, bound))
    assert registry["double"].limits(n, d, centred) == (0.0, expected)


def test_measurements_carry_the_declaration(registry: Registry[Measure]) -> None:
    declared(double, version=3)
    found = registry["double"].measurement(Valued(2.0, {"dropped": 1}), 10, 4, spread=0.5, seeds=3)
    assert (found.value, found.range, found.version, found.spread, found.seeds) == (2.0, (0.0, 4.0), 3, 0.5, 3)
    assert found.details == {"dropped": 1}
    missing = registry["double"].missing("too few", 1, 4, rows=1)
    assert (missing.value, missing.reason, missing.details) == (None, "too few", {"rows": 1})


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"keeps": {"reflection"}}, "reflection"),
        ({"range": (0, "e")}, "'e'"),
        ({"name": "block.0.mine"}, "letters, digits and underscores"),
        ({"name": "a,b"}, "letters, digits and underscores"),
    ],
)
def test_mistakes_are_shown(registry: Registry[Measure], changes: dict[str, Any], named: str) -> None:
    with pytest.raises(SpecError, match=named):
        declared(double, **changes)


def test_a_docstring_is_required(registry: Registry[Measure]) -> None:
    with pytest.raises(SpecError, match="no docstring"):
        declared(lambda state: 1.0, name="mute")


def test_a_name_is_taken_once(registry: Registry[Measure]) -> None:
    declared(double)
    with pytest.raises(SpecError, match="two measures are called 'double'"):
        declared(double)


def test_the_names_of_the_definitions_are_all_there() -> None:
    spectral = {"eee", "isoscore", "pc_ratio", "participation_ratio", "effective_rank", "effective_rank_cov"}
    assert spectral | {"rankme", "stable_rank", "mean_cosine", "vrm"} <= set(MEASURES)
    assert "min(n-1, d)" in SYMBOLS
