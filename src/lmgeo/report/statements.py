"""The summary's points: one for each part of the analysis that the document holds, in plain words with figures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from lmgeo.report.summary import Entry, bracketed, given, ranked, raw
from lmgeo.report.verdict import clear_ones, verdict
from lmgeo.report.wider import wider
from lmgeo.report.wording import coefficient, count, interval, listed

Point = tuple[str, str]


def lead(facts: Mapping[str, Any]) -> list[str]:
    """The answer and its grounds: the first paragraphs of the page."""
    return verdict(facts)


def points(facts: Mapping[str, Any]) -> list[Point]:
    """Label and text of everything else, from the raw relation to the power of the table."""
    found = [
        ("Raw relation", " ".join(raw(facts))),
        ("Choices held fixed", _partial(facts)),
        ("Within groups", _within(facts)),
        ("At each size", _strata(facts)),
        ("Measure by measure", _incremental(facts)),
        ("Groups as random", _mixed(facts)),
        *wider(facts),
    ]
    return [(label, text) for label, text in found if text]


def sentences(facts: Mapping[str, Any]) -> list[str]:
    """The whole summary as one list."""
    return [*lead(facts), *(text for _, text in points(facts))]


def _top(facts: Mapping[str, Any], entries: Sequence[Entry]) -> Entry:
    """The entry of the measure with the strongest raw correlation, or else the first."""
    by_name = {e["measure"]: e for e in entries}
    return next((by_name[e["measure"]] for e in ranked(facts) if e["measure"] in by_name), entries[0])


def _partial(facts: Mapping[str, Any]) -> str:
    found = given(facts, "partial", "spearman")
    if not found:
        return ""
    left, top = clear_ones(found), _top(facts, found)
    of_raw = next((e["spearman"] for e in facts["correlations"] if e["measure"] == top["measure"]), None)
    many = "no measure keeps" if not left else f"{len(left)} of {len(found)} measures keep"
    return (
        f"With {listed(found[0]['controls'], 4)} held fixed, {many} an interval clear of zero. {top['measure']} goes "
        f"from a Spearman correlation of {coefficient(of_raw)} to {coefficient(top['spearman'])}"
        f"{bracketed(top.get('ci'))}."
    )


def _within(facts: Mapping[str, Any]) -> str:
    found = given(facts, "within", "spearman")
    if not found:
        return ""
    left, top = clear_ones(found), _top(facts, found)
    many = "no measure keeps" if not left else f"{len(left)} of {len(found)} measures keep"
    groups = f" ({count(top['groups'], 'group')} pooled)" if top.get("groups") else ""
    return (
        f"Among models of one {top['by']}{groups}, {many} a correlation clear of zero; that of {top['measure']} is "
        f"{coefficient(top['spearman'])}{bracketed(top.get('ci'))}."
    )


def _strata(facts: Mapping[str, Any]) -> str:
    found = given(facts, "strata", "spearman")
    if not found:
        return ""
    name = _top(facts, found)["measure"]
    mine = [e for e in found if e["measure"] == name]
    values = [e["spearman"] for e in mine]
    signs = {v > 0 for v in values if v}
    way = "keeps its sign" if len(signs) < 2 else "changes sign"
    return (
        f"Size by size ({count(len(mine), 'level')} of {mine[0]['by']}), the correlation of {name} {way}: it runs from "
        f"{interval([min(values), max(values)])}."
    )


def _incremental(facts: Mapping[str, Any]) -> str:
    found = given(facts, "incremental", "delta_r2")
    if not found:
        return ""
    best = max(found, key=lambda e: e["delta_r2"])
    alone = coefficient(best["baseline_r2"])
    base = f"In {best['folds']}-fold cross-validation the controls alone explain {alone} of the variance"
    added = (
        "; no measure adds to that."
        if best["delta_r2"] <= 0
        else f"; {best['measure']} adds the most, {coefficient(best['delta_r2'])}{bracketed(best.get('ci'))}."
    )
    return base + added + _boosted(found)


def _boosted(found: Sequence[Entry]) -> str:
    trees = [(e["measure"], e["boosted"]) for e in found if (e.get("boosted") or {}).get("delta_r2") is not None]
    if not trees:
        return ""
    name, best = max(trees, key=lambda t: t[1]["delta_r2"])
    start = f" Boosted trees, which take any form of relation, start from {coefficient(best['baseline_r2'])}"
    if best["delta_r2"] <= 0:
        return f"{start}, and no measure adds to it."
    return f"{start}, and gain most from {name}: {coefficient(best['delta_r2'])}{bracketed(best.get('ci'))}."


def _mixed(facts: Mapping[str, Any]) -> str:
    found = given(facts, "mixed", "slope")
    if not found:
        return ""
    left, top = clear_ones(found), _top(facts, found)
    return (
        f"With a random intercept for each {top['group']}, {len(left)} of {len(found)} standardised slopes are clear "
        f"of zero; that of {top['measure']} is {coefficient(top['slope'])}{bracketed(top.get('ci'))}."
    )
