"""Tables of a training suite: what each value of a choice does, kinds of runs, twins."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from lmgeo.report.tables.base import Entry, Table, table
from lmgeo.report.wording import listed


def choices(facts: Mapping[str, Any]) -> Table | None:
    """A row for each value of a choice and measure, the score's first."""
    rows = [
        {**level, **{key: entry.get(key) for key in ("measure", "choice", "default", "shape", "turn", "target")}}
        for entry in sorted(facts.get("choices") or [], key=lambda e: not e.get("target"))
        for level in entry["levels"]
    ]
    return table(
        "choices",
        "Value by value, all else at its default",
        rows,
        [
            ("measure", "text", lambda r: f"the score: {r['measure']}" if r["target"] else r["measure"]),
            ("choice", "text", "choice"), ("value", "text", _level("level")), ("default", "text", _level("default")),
            ("mean", "number", "mean"), ("difference", "number", "difference"), ("95 %", "interval", "ci"),
            ("shapes", "count", "pairs"), ("course", "text", "shape"), ("turns at", "text", _level("turn")),
            ("remark", "text", "reason"),
        ],
        folded=True,
    )  # fmt: skip


def _level(key: str) -> Any:
    return lambda entry: _said(entry.get(key))


def _said(value: Any) -> str | None:
    return None if value is None else f"{value:g}" if _counts(value) else str(value)


def _counts(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def kinds(facts: Mapping[str, Any]) -> Table | None:
    """How many runs had a low or a high rank at their end and got worse late or not, score by score."""
    groups: dict[tuple[str, str], list[str]] = {}
    for entry in facts.get("saturation") or []:
        if entry.get("kind"):
            groups.setdefault((entry["column"], entry["kind"]), []).append(entry["run"])
    rows = [{"column": column, "kind": kind, "runs": runs} for (column, kind), runs in sorted(groups.items())]
    return table(
        "kinds",
        "Four kinds of runs",
        rows,
        [
            ("score", "text", "column"), ("kind", "text", "kind"), ("runs", "count", lambda r: len(r["runs"])),
            ("which", "text", lambda r: listed(r["runs"], 8)),
        ],
        prose=True,
    )  # fmt: skip


def twins_mean(facts: Mapping[str, Any]) -> Table | None:
    """What the one thing does on average, over configurations."""
    return table(
        "twins_mean",
        "Twins on average",
        facts.get("twins_mean") or [],
        [
            ("choice", "text", "choice"), ("first", "text", _of("between", 0)), ("second", "text", _of("between", 1)),
            ("column", "text", "column"), ("second − first", "number", "difference"), ("95 %", "interval", "ci"),
            ("configurations", "count", "configurations"), ("of one sign", "count", "same_sign"),
            ("pairs", "count", "pairs"), ("remark", "text", "reason"),
        ],
    )  # fmt: skip


def twins(facts: Mapping[str, Any]) -> Table | None:
    """Runs that differ in one thing of their architecture alone."""
    return table(
        "twins",
        "Twins that differ in one thing of their architecture",
        facts.get("twins") or [],
        [
            ("choice", "text", "choice"), ("first", "text", _of("between", 0)), ("second", "text", _of("between", 1)),
            ("first model", "model", _of("models", 0)), ("second model", "model", _of("models", 1)),
            ("column", "text", "column"), ("first value", "number", _of("values", 0)),
            ("second value", "number", _of("values", 1)), ("second − first", "number", "difference"),
            ("first got worse late", "text", _yes("saturated", 0)),
            ("second got worse late", "text", _yes("saturated", 1)),
            ("rank fell in first", "text", _yes("rank_fell", 0)), ("in second", "text", _yes("rank_fell", 1)),
        ],
        folded=True,
    )  # fmt: skip


def _of(key: str, place: int) -> Any:
    return lambda entry: (entry.get(key) or [None, None])[place]


def _yes(key: str, place: int) -> Any:
    def said(entry: Entry) -> str | None:
        value = (entry.get(key) or [None, None])[place]
        return None if value is None else "yes" if value else "no"

    return said
