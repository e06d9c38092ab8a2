"""The answer to the project's question, as far as the facts carry it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from lmgeo.analysis.correlation import benjamini_hochberg
from lmgeo.report.gain import gained
from lmgeo.report.summary import Entry, bracketed, clear, given, ranked
from lmgeo.report.wording import coefficient, count, listed

# What a table must be able to find, or its intervals to exclude, before it says "no sign".
_MODERATE, _SMALL = 0.4, 0.3


def verdict(facts: Mapping[str, Any]) -> list[str]:
    """Does geometry say anything about performance beyond the training choices? The answer and its grounds.

    `Yes` needs both a partial correlation that stands the number of measures and a gain for models
    held out whose interval is clear of zero; one alone is `Perhaps`. Neither is `No sign` only where
    the table would have shown a moderate effect, else `Cannot tell`.
    """
    target = facts["target"]
    if not ranked(facts):
        return [f"Cannot tell: no measure could be set against {target}. The caveats say why."]
    partial = [e for e in given(facts, "partial", "spearman") if e.get("p") is not None]
    gain = gained(facts)
    if not partial and gain is None:
        return [_without_controls(facts)]
    controls = listed((partial or facts.get("partial") or [{"controls": []}])[0]["controls"], 5)
    beyond = f"about {target} beyond {controls or 'the training choices'}"
    kept = _kept(partial)
    grounds = " ".join(filter(None, [_of_partial(partial, kept), gain.text if gain else ""]))
    adds = gain.clear if gain else None
    if kept and adds:
        return [f"Yes, in this table: geometry says something {beyond}.", grounds]
    if kept and adds is None:
        return [f"Perhaps geometry says something {beyond}: no gain for models held out could be tested.", grounds]
    if kept or adds:
        return [f"Perhaps: the signs that geometry says something {beyond} do not agree.", grounds]
    return [*_nothing(facts, partial, beyond), grounds]


def _without_controls(facts: Mapping[str, Any]) -> str:
    asked = bool(facts.get("partial") or facts.get("incremental"))
    unnamed = "no training choices were named to hold fixed (--controls)"
    why = "nothing could be estimated with them held fixed" if asked else unnamed
    return (
        f"Cannot tell whether geometry says anything about {facts['target']} beyond the training choices: {why}. What "
        f"follows is how geometry and score go together, whatever moves both."
    )


def _kept(partial: list[Entry]) -> list[Entry]:
    """The partial correlations that stand the number of measures (Benjamini–Hochberg, 5 %)."""
    if not partial:
        return []
    q = benjamini_hochberg([e["p"] for e in partial])
    return [e for e, adjusted in zip(partial, q, strict=True) if adjusted <= 0.05]


def _of_partial(partial: list[Entry], kept: list[Entry]) -> str:
    if not partial:
        return ""
    best = max(kept or partial, key=lambda e: abs(e["spearman"]))
    strongest = f"the strongest is {best['measure']}, {coefficient(best['spearman'])}{bracketed(best.get('ci'))}"
    if not kept:
        none = "The one partial correlation cannot" if len(partial) == 1 else (
            f"None of {len(partial)} partial correlations can"
        )  # fmt: skip
        return f"{none} be told from chance ({strongest})."
    many = f"{len(kept)} of {len(partial)} measures"
    return f"{many} keep a correlation with the choices held fixed (q ≤ 0.05; {strongest})."


def _nothing(facts: Mapping[str, Any], partial: list[Entry], beyond: str) -> list[str]:
    power = facts.get("power") or {}
    least, n = power.get("detectable_80"), power.get("n") or max(e["n"] for e in ranked(facts))
    models = count(n, "independent model" if power.get("n") else "model")
    reach = max((max(map(abs, e["ci"])) for e in partial if e.get("ci")), default=1.0)
    if least is not None and least <= _MODERATE:
        return [
            f"No sign that geometry says anything {beyond}.",
            f"With {models} a true partial correlation of ±{coefficient(least)} would be found four times in five; a "
            f"smaller one cannot be excluded.",
        ]
    if reach <= _SMALL:
        return [
            f"No sign that geometry says anything {beyond}.",
            f"No interval of a partial correlation reaches beyond ±{coefficient(reach)}; a smaller one cannot be "
            f"excluded.",
        ]
    why = (
        f"{models} find only partial correlations of ±{coefficient(least)} or more reliably"
        if least is not None
        else f"{models} leave the intervals wide"
    )
    return [f"Cannot tell whether geometry says anything {beyond}: nothing found is clear of chance, and {why}."]


def clear_ones(entries: list[Entry]) -> list[Entry]:
    """The entries whose interval excludes zero."""
    return [e for e in entries if clear(e.get("ci"))]
