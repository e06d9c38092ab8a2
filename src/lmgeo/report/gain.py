"""What geometry adds for models held out, in words, and whether it is clear of zero."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from lmgeo.report.summary import Entry, given
from lmgeo.report.wording import coefficient, count

_ALIKE = 0.02  # R² of the choices alone
_NAMES = {"linear": "a linear model", "boosted": "boosted trees"}


@dataclass(frozen=True)
class Gain:
    """Whether a gain is clear of zero (None: no interval says so), and the sentences on it."""

    clear: bool | None
    text: str


def gained(facts: Mapping[str, Any]) -> Gain | None:
    """The gain of all measures together, or else of the best one; None where neither was estimated.

    Of the linear model and the boosted trees, the one counts that predicts better from the choices
    alone (both, where they are alike): a form that cannot follow the choices credits their bends to
    whatever goes along with them.
    """
    together = facts.get("incremental_all") or {}
    forms = {form: together[form] for form in _NAMES if (together.get(form) or {}).get("delta_r2") is not None}
    if not forms:
        return _single(given(facts, "incremental", "delta_r2"))
    most = max(e["baseline_r2"] for e in forms.values())
    able = [form for form, e in forms.items() if e["baseline_r2"] >= most - _ALIKE]
    best = next((form for form in able if _sure(forms[form])), max(able, key=lambda form: forms[form]["baseline_r2"]))
    sure = _sure(forms[best])
    verb = {True: "add", False: "add nothing that is clear of zero:", None: "add, without an interval,"}[sure]
    said = (
        f"For models held out, all measures together {verb} {_change(forms[best])} in {_NAMES[best]}, where the "
        f"choices alone reach {coefficient(forms[best]['baseline_r2'])}."
    )
    return Gain(sure, " ".join([said, *(_other(form, e, sure) for form, e in forms.items() if form != best)]))


def _other(form: str, entry: Entry, sure: bool | None) -> str:
    """What the other form says, and why it does not count where it says more."""
    name = _NAMES[form]
    if _sure(entry) and not sure:
        return (
            f"{name[0].upper()}{name[1:]} would credit geometry with {_change(entry)}, but what it follows of the "
            f"choices alone is less ({coefficient(entry['baseline_r2'])}), so that this may be their own bend."
        )
    return f"In {name} it is {_change(entry)}."


def _single(entries: list[Entry]) -> Gain | None:
    if not entries:
        return None
    best = max(entries, key=lambda e: e["delta_r2"])
    adding = [e for e in entries if _sure(e)]
    some = f"{count(len(adding), 'measure')} of {len(entries)} clearly {'adds' if len(adding) == 1 else 'add'}"
    many = some if adding else "no single measure clearly adds"
    tested = any(e.get("ci") for e in entries)
    text = f"For models held out, {many} to the choices; the most is {_change(best)}, by {best['measure']}."
    return Gain(bool(adding) if tested else None, text)


def _sure(entry: Entry) -> bool | None:
    return None if not entry.get("ci") else bool(entry["ci"][0] > 0)


def _change(entry: Entry) -> str:
    """`+0.060 of R² (95 % interval +0.020 to +0.100)`."""
    change, *bounds = (f"{value:+.3f}".replace("-", "−") for value in (entry["delta_r2"], *(entry.get("ci") or [])))
    return f"{change} of R²" + (f" (95 % interval {' to '.join(bounds)})" if bounds else "")
