"""Two tables side by side: the correlations of the measures both have, the models in both, and what was set unlike."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from lmgeo.report.chapter import Chapter, chart_json
from lmgeo.report.charts.base import Chart
from lmgeo.report.charts.compared import compared
from lmgeo.report.packing import safe_json
from lmgeo.report.tables.base import Table, table
from lmgeo.report.wording import count, listed, readable

Facts = Mapping[str, Any]


@dataclass(frozen=True)
class Pair:
    """The first table beside another one.

    Attributes:
        first, second: what the two are called.
        text: what they share, in words.
        charts, tables: what is shown.
    """

    first: str
    second: str
    text: Sequence[str]
    charts: Sequence[Chart]
    tables: Sequence[Table]


@dataclass(frozen=True)
class Comparison:
    """The last chapter: the first table beside each other one, and the data for the page's script."""

    pairs: Sequence[Pair]

    @property
    def data_json(self) -> str:
        """Charts and tables, for the page's script."""
        charts = {c.name: chart_json(c) for pair in self.pairs for c in pair.charts}
        return safe_json({"charts": charts, "tables": [t.to_json() for pair in self.pairs for t in pair.tables]})


def comparison(chapters: Sequence[Chapter]) -> Comparison:
    """The first chapter set beside each of the others."""
    first, *others = chapters
    return Comparison([_pair(number, first, other) for number, other in enumerate(others, start=1)])


def _pair(number: int, a: Chapter, b: Chapter) -> Pair:
    names = _called(a), _called(b)
    shared = [name for name in _measures(a.facts) if name in set(_measures(b.facts))]
    models = [name for name in a.models.names if name in set(b.models.names)]
    chart = compared(f"compared-{number}", _rows(a.facts, b.facts, shared), *names)
    text = [
        f"{count(len(shared), 'measure')} and {count(len(models), 'model')} stand in both {names[0]} and {names[1]}.",
        *_only(names, a.facts, b.facts),
    ]
    tables = [_estimates(number, a.facts, b.facts, shared), _settings(number, a, b), _models(number, a, b, models)]
    return Pair(*names, text, [chart] if chart else [], [t for t in tables if t is not None])


def _called(chapter: Chapter) -> str:
    return chapter.context.source or chapter.context.title


def _measures(facts: Facts) -> list[str]:
    return [e["measure"] for e in facts["correlations"]]


def _only(names: tuple[str, str], a: Facts, b: Facts) -> list[str]:
    """Measures that one table alone has, and targets that differ."""
    said = []
    for name, mine, other in ((names[0], a, b), (names[1], b, a)):
        alone = [m for m in _measures(mine) if m not in set(_measures(other))]
        if alone:
            said.append(f"Only in {name}: {listed(alone, 6)}.")
    if a["target"] != b["target"]:
        said.append(f"The scores differ: {a['target']} and {b['target']}.")
    return said


def _part(facts: Facts, kind: str, measure: str) -> Mapping[str, Any]:
    """Estimate and interval of one kind: `r`, `ci`."""
    part = "partial" if kind == "partial" else "correlations"
    entry: Facts = next((e for e in facts.get(part) or [] if e["measure"] == measure), {})
    value, bounds = ("spearman", "ci") if kind == "partial" else (kind, f"{kind}_ci")
    return {"r": entry.get(value), "ci": entry.get(bounds)}


def _rows(a: Facts, b: Facts, measures: Sequence[str]) -> list[dict[str, Any]]:
    found = []
    for kind in ("pearson", "spearman", "partial"):
        for measure in measures:
            one, two = _part(a, kind, measure), _part(b, kind, measure)
            if one["r"] is None or two["r"] is None:
                continue
            (a_low, a_high), (b_low, b_high) = one["ci"] or (None, None), two["ci"] or (None, None)
            found.append(
                {
                    "measure": measure, "kind": kind, "a": one["r"], "a_low": a_low, "a_high": a_high,
                    "b": two["r"], "b_low": b_low, "b_high": b_high,
                }
            )  # fmt: skip
    return found


def _estimates(number: int, a: Facts, b: Facts, measures: Sequence[str]) -> Table | None:
    kinds = (("pearson", "Pearson"), ("spearman", "Spearman"), ("partial", "partial"))
    sides = ((1, a), (2, b))
    rows = [{"measure": m, **{f"{k} {s}": _part(f, k, m) for k, _ in kinds for s, f in sides}} for m in measures]
    columns: list[Any] = [("measure", "text", "measure")]
    for kind, title in kinds:
        for side in (1, 2):
            columns.append((f"{title} {side}", "r", _get(kind, side, "r")))
            columns.append((f"{title} {side} 95 %", "interval", _get(kind, side, "ci")))
    return table(f"compared-{number}", "Measure by measure: 1 the first table, 2 the second", rows, columns)


def _get(kind: str, side: int, key: str) -> Any:
    return lambda row: row[f"{kind} {side}"][key]


def _settings(number: int, a: Chapter, b: Chapter) -> Table | None:
    """Settings, protocols, factors and versions that differ; a dash where one side lacks it."""
    one, two = _said(a), _said(b)
    rows = [
        {"setting": name, "one": one.get(name, "–"), "two": two.get(name, "–")}
        for name in dict.fromkeys([*one, *two])
        if one.get(name) != two.get(name)
    ]
    columns: list[Any] = [
        ("setting", "text", "setting"),
        ("in the first", "text", "one"),
        ("in the second", "text", "two"),
    ]
    return table(f"unlike-{number}", "What was set unlike", rows, columns, prose=True)


def _said(chapter: Chapter) -> dict[str, str]:
    facts, context = chapter.facts, chapter.context
    controls = (facts.get("partial") or [{"controls": []}])[0]["controls"]
    found = {"target": facts["target"], "controls": ", ".join(controls) or "none", **dict(chapter.ran)}
    found |= {f"protocol {name}": readable(value) for name, value in context.protocol.items()}
    return found | {f"version of {name}": readable(value) for name, value in context.provenance.items()}


def _models(number: int, a: Chapter, b: Chapter, names: Sequence[str]) -> Table | None:
    one, two = (_scores(c) for c in (a, b))
    rows = [{"model": n, "one": one.get(n), "two": two.get(n)} for n in names]
    columns: list[Any] = [
        ("model", "text", "model"), (f"{a.facts['target']} in the first", "number", "one"),
        (f"{b.facts['target']} in the second", "number", "two"),
    ]  # fmt: skip
    return table(f"shared-{number}", "Models in both", rows, columns, folded=True)


def _scores(chapter: Chapter) -> dict[str, Any]:
    known = {c.name: c for c in chapter.models.columns}
    target = known.get(chapter.facts["target"])
    return dict(zip(chapter.models.names, target.values, strict=True)) if target else {}
