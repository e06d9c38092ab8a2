"""The answer to the project's question, as far as the facts carry it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from lmgeo.analysis.correlation import benjamini_hochberg
from lmgeo.report.summary import Entry, bracketed, clear, given, ranked
from lmgeo.report.wording import coefficient, count, listed

_SMALL = 0.4  # a true partial correlation that a table should be able to find before it says "no sign"


def verdict(facts: Mapping[str, Any]) -> list[str]:
    """Does geometry say anything about performance beyond the training choices? The answer and its grounds.

    `Yes` needs both a partial correlation that stands the number of measures and a gain for models
    held out whose interval is clear of zero; one alone is `Perhaps`. Neither is `No sign` only where
    the table would have found a moderate effect, else `Cannot tell`.
    """
    target = facts["target"]
    if not ranked(facts):
        return [f"Cannot tell: no measure could be set against {target}. The caveats say why."]
    partial = [e for e in given(facts, "partial", "spearman") if e.get("p") is not None]
    gain = _gain(facts)
    if not partial and gain is None:
        return [_without_controls(facts)]
    controls = listed((partial or facts.get("partial") or [{"controls": []}])[0]["controls"], 5)
    beyond = f"about {target} beyond {controls or 'the training choices'}"
    kept = _kept(partial)
    grounds = " ".join(filter(None, [_of_partial(partial, kept), gain.text if gain else ""]))
    if kept and gain and gain.clear:
        return [f"Yes, in this table: geometry says something {beyond}.", grounds]
    if kept or (gain and gain.clear):
        return [f"Perhaps: the signs that geometry says something {beyond} do not agree.", grounds]
    return [*_nothing(facts, beyond), grounds]


@dataclass(frozen=True)
class _Gain:
    clear: bool
    text: str


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


def _gain(facts: Mapping[str, Any]) -> _Gain | None:
    """What geometry adds for models held out: all measures together, or else the best one."""
    together = facts.get("incremental_all") or {}
    forms = {form: together.get(form) for form in ("linear", "boosted")}
    found = {form: e for form, e in forms.items() if e and e.get("delta_r2") is not None}
    if found:
        said = " and ".join(
            _added(e, "boosted trees" if form == "boosted" else "a linear model") for form, e in found.items()
        )
        sure = any(e.get("ci") and e["ci"][0] > 0 for e in found.values())
        verb = "add" if sure else "add nothing that is clear of zero:"
        return _Gain(sure, f"For models held out, all measures together {verb} {said}.")
    single = given(facts, "incremental", "delta_r2")
    if not single:
        return None
    best = max(single, key=lambda e: e["delta_r2"])
    adding = [e for e in single if e.get("ci") and e["ci"][0] > 0]
    many = (
        f"{count(len(adding), 'measure')} of {len(single)} clearly add" if adding else "no single measure clearly adds"
    )
    text = f"For models held out, {many} to the choices; the most is {_added(best, best['measure'])}."
    return _Gain(bool(adding), text)


def _added(entry: Entry, by: str) -> str:
    gain = f"{entry['delta_r2']:+.3f}".replace("-", "−")
    return f"{gain} of R² ({by}{'; ' + _bounds(entry) if entry.get('ci') else ''})"


def _bounds(entry: Entry) -> str:
    low, high = (f"{v:+.3f}".replace("-", "−") for v in entry["ci"])
    return f"95 % interval {low} to {high}"


def _nothing(facts: Mapping[str, Any], beyond: str) -> list[str]:
    power = facts.get("power") or {}
    least, n = power.get("detectable_80"), power.get("n") or max(e["n"] for e in ranked(facts))
    models = count(n, "independent model" if power.get("n") else "model")
    if least is not None and least <= _SMALL:
        return [
            f"No sign that geometry says anything {beyond}.",
            f"With {models} a true partial correlation of ±{coefficient(least)} would be found four times "
            f"in five; a smaller one cannot be excluded.",
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
