"""What a reader must know before believing the figures, listed where it applies."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from lmgeo.report.context import ReportContext
from lmgeo.report.fits import of_fits
from lmgeo.report.wording import Caveat, coefficient, count, grouped, listed

if TYPE_CHECKING:
    import pandas as pd

_FEW = 30


def caveats(table: pd.DataFrame, facts: Mapping[str, Any], context: ReportContext) -> list[Caveat]:
    """Every caveat, the weightiest first, each with the sections that it bears on."""
    return [
        *_cells(context),
        *_few(facts),
        *_dropped(facts),
        *_related(table, facts),
        *_protocols(table),
        *_without_value(facts, context),
        *_unequal_rows(facts),
        *of_fits(table, facts),
        *[Caveat("Note", note, _where(note)) for note in facts.get("notes", [])],
        *[Caveat("Note", note) for note in context.notes],
        Caveat("Association", _ASSOCIATION),
    ]


_ASSOCIATION = (
    "A correlation over models says what goes together, not what causes what: a training choice or a perturbation that "
    "moves both geometry and score makes them agree."
)


def _where(note: str) -> tuple[str, ...]:
    """A note of the analysis stands in the summary, unless it only says which columns are no measures."""
    return () if note.startswith(("no measures", "column ")) else ("summary",)


def _cells(context: ReportContext) -> list[Caveat]:
    failed, missing = context.counts.get("failed", 0), context.counts.get("missing", 0)
    found = []
    where = ("summary", "models")
    if failed:
        text = f"Failed: {count(failed, 'cell')} of the plan. They enter no figure."
        found.append(Caveat("Failed parts", text, where))
    if missing:
        text = f"Yet to run: {count(missing, 'cell')} of the plan. The figures will move."
        found.append(Caveat("Not finished", text, where))
    return found


def _few(facts: Mapping[str, Any]) -> list[Caveat]:
    n = max((entry["n"] for entry in facts["correlations"]), default=0)
    if not 3 <= n < _FEW:
        return []
    text = (
        f"With {count(n, 'model')}, a single correlation within ±{coefficient(_critical(n))} cannot be told from "
        f"zero, and intervals are wide."
    )
    return [Caveat("Few models", text, ("ranking", "controls"))]


def _critical(n: int) -> float:
    """The smallest |r| that is significant at 5 % with n rows."""
    from scipy.special import stdtrit

    t = float(stdtrit(n - 2, 0.975))
    return t / math.sqrt(n - 2 + t * t)


def _dropped(facts: Mapping[str, Any]) -> list[Caveat]:
    where = ("ranking", "models")
    return [
        Caveat("Rows left out", f"{count(d['rows'], 'row')} of {facts['n']}: {d['reason']}.", where)
        for d in facts["dropped"]
    ]


def _related(table: pd.DataFrame, facts: Mapping[str, Any]) -> list[Caveat]:
    """Rows that are no independent models, and what the intervals make of them."""
    clusters = facts.get("clusters") or {}
    if clusters.get("by", "row") != "row":
        text = (
            f"Rows are not independent: intervals resample whole groups, each {clusters['by']} as one "
            f"({count(clusters['count'], 'group')} in {count(facts['n'], 'row')}). Pearson's p and q take every row "
            f"for itself and are too small here; the p by permutation keeps groups whole."
        )
        return [Caveat("Related models", text, ("ranking", "controls"))]
    name = next((c for c in ("base", "family") if c in table.columns and table[c].notna().any()), None)
    if name is None or len(table) <= 2 * table[name].nunique():
        return []
    levels = int(table[name].nunique())
    if levels == 1:
        only = table[name].dropna().iloc[0]
        text = f"All models share one {name} ({only}): nothing here says that the relation holds for another."
    else:
        text = (
            f"{len(table)} models come from {levels} {'bases' if name == 'base' else 'families'}. Intervals treat rows "
            f"as independent, so they are too narrow for the question of a new {name}."
        )
    return [Caveat("Related models", text, ("ranking", "controls"))]


def _protocols(table: pd.DataFrame) -> list[Caveat]:
    if "protocol" not in table.columns or table["protocol"].nunique() < 2:
        return []
    names = listed([str(p) for p in dict.fromkeys(table["protocol"].dropna())])
    text = f"The table holds values under {names}. Quantized measures are compared only within one."
    return [Caveat("Unequal protocols", text, ("models", "settings"))]


def _without_value(facts: Mapping[str, Any], context: ReportContext) -> list[Caveat]:
    reasons = grouped(
        (e["reason"], e["measure"]) for e in facts["correlations"] if e.get("reason") and e["pearson"] is None
    )
    found = [Caveat("No estimate", f"{listed(names)}: {reason}.", ("ranking",)) for reason, names in reasons.items()]
    by_reason: dict[tuple[str, str], int] = {}
    for item in context.missing_values:
        key = (item.get("measure", ""), item.get("reason", ""))
        by_reason[key] = by_reason.get(key, 0) + 1
    return found + [
        Caveat("No value", f"{measure} on {count(n, 'model')}: {reason}.", ("models",))
        for (measure, reason), n in by_reason.items()
    ]


def _unequal_rows(facts: Mapping[str, Any]) -> list[Caveat]:
    usable = [entry for entry in facts["correlations"] if entry["pearson"] is not None]
    most = max((entry["n"] for entry in usable), default=0)
    short = [f"{entry['measure']} ({entry['n']})" for entry in usable if entry["n"] < most]
    if not short:
        return []
    text = f"Some measures have fewer models than the {most} of the others: {listed(short)}."
    return [Caveat("Unequal rows", text, ("ranking",))]
