"""The summary's points beyond the single correlation: what geometry reflects, transfer, exceptions, settings, power."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from lmgeo.report.summary import Entry, by_strength, given
from lmgeo.report.wording import coefficient, count, interval, listed


def wider(facts: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Label and text of each; an empty text where the document lacks the part."""
    return [
        ("What geometry reflects", _reflects(facts)),
        ("What the battery measures", _alignment(facts)),
        ("Other families", _transfer(facts)),
        ("Models held out", _holdout(facts)),
        ("Counterexamples", _counterexamples(facts)),
        ("Saturation", _saturation(facts)),
        ("Measurement settings", _sensitivity(facts)),
        ("Power", _power(facts)),
    ]


def _reflects(facts: Mapping[str, Any]) -> str:
    found = [e for e in given(facts, "reflects", "r2") if e.get("choices")]
    target = next((e for e in found if e.get("target")), None)
    measures = [e for e in found if not e.get("target")]
    firsts = [choice["choice"] for e in measures if (choice := _largest(e))]
    if not firsts:
        return ""
    if target and len(target["choices"]) == 1:
        return _one_choice(target, measures)
    name, times = Counter(firsts).most_common(1)[0]
    said = f"Of {count(len(firsts), 'measure')}, {times} vary most with {name}"
    top = _largest(target) if target else None
    if top is None:
        return f"{said}."
    same = "so does the score" if top["choice"] == name else f"the score varies most with {top['choice']}"
    return f"{said}; {same} (Shapley share {coefficient(top['shapley'])} of its variance)."


def _one_choice(target: Entry, measures: Sequence[Entry]) -> str:
    shares = [e["r2"] for e in measures]
    return (
        f"The one choice that varies, {target['choices'][0]['choice']}, accounts for {coefficient(target['r2'])} of "
        f"the score's variance and for {interval([min(shares), max(shares)])} of that of the measures."
    )


def _largest(entry: Entry) -> Entry | None:
    known = [c for c in entry["choices"] if c.get("shapley") is not None]
    return max(known, key=lambda c: c["shapley"]) if known else None


def _alignment(facts: Mapping[str, Any]) -> str:
    found = facts.get("alignment") or {}
    if not found.get("dimensions"):
        return ""
    many = len(found["measures"])
    return (
        f"The {many} measures agree with one another so far that they count as "
        f"{count(found['dimensions'], 'independent thing')} (parallel analysis): {many} small p values are not {many} "
        f"findings."
    )


def _transfer(facts: Mapping[str, Any]) -> str:
    found = given(facts, "transfer", "mse")
    said = [_transferred([e for e in found if e["by"] == by], by) for by in dict.fromkeys(e["by"] for e in found)]
    return " ".join(filter(None, said))


def _transferred(entries: Sequence[Entry], by: str) -> str:
    mean = next((e["mse"] for e in entries if e["form"] == "mean"), None)
    measures = [e for e in entries if e["form"] == "measure"]
    if not mean or not measures:
        return ""
    best = min(measures, key=lambda e: e["mse"])
    better = sum(e["mse"] < mean for e in measures)
    start = (
        f"For a {by} that no fit has seen, {better} of {len(measures)} measures predict better than the plain mean; "
        f"the best, {best['measure']}, leaves {coefficient(best['mse'] / mean)} of its squared error"
    )
    choices = next((e for e in entries if e["form"] == "choices"), None)
    both = [e for e in entries if e["form"] == "choices + measure"]
    if choices is None:
        return f"{start}."
    end = f"; the choices alone leave {coefficient(choices['mse'] / mean)}"
    if not both:
        return f"{start}{end}."
    joint = min(both, key=lambda e: e["mse"])
    return f"{start}{end}, and with {joint['measure']} beside them {coefficient(joint['mse'] / mean)}."


def _holdout(facts: Mapping[str, Any]) -> str:
    found = given(facts, "holdout", "mse")
    if not found:
        return ""
    best = min(found, key=lambda entry: entry["mse"])
    form = f" with {best['by']}" if best["by"] else ""
    start = (
        f"On the hold-out models {best['measure']}{form} predicts best, with a mean squared error of {best['mse']:.2g}"
    )
    base = best.get("baseline_mse")
    return f"{start}." if base is None else f"{start}; predicting the mean gives {base:.2g}."


def _counterexamples(facts: Mapping[str, Any]) -> str:
    found = given(facts, "counterexamples", "z")
    if not found:
        return ""
    models = len({e["model"] for e in found})
    far = max(found, key=lambda e: abs(e["z"]))
    z = f"{far['z']:+.1f}".replace("-", "−")
    return (
        f"{count(models, 'model')} {'stands' if models == 1 else 'stand'} far off the line of some measure. The "
        f"farthest is {far['model']} on {far['measure']} ({far['kind']}): {coefficient(far['target'])} where "
        f"{coefficient(far['predicted'])} is predicted, {z} standard deviations."
    )


def _saturation(facts: Mapping[str, Any]) -> str:
    runs = given(facts, "saturation", "rise_over_noise")  # the others could not be tested
    if not runs:
        return ""
    worse = [e for e in runs if e["saturated"]]
    start = f"{len(worse)} of {count(len(runs), 'training run')} got worse again after their best step"
    fell = [e for e in worse if e.get("rank_fell")]
    other = sum(e.get("kind") == "low rank and not" for e in runs)
    if not any(e.get("rank_fell") is not None for e in runs):
        return f"{start}."
    return f"{start}, {len(fell)} of them with a falling rank; {other} had a low rank and did not get worse."


def _sensitivity(facts: Mapping[str, Any]) -> str:
    of_all = given(facts.get("sensitivity") or {}, "measures", "pearson_median")
    found = [e for e in of_all if e["settings"] > 1]
    if not found:
        return ""
    top = by_strength(facts, found)[0]
    turned = [e["measure"] for e in found if e.get("same_sign") is False]
    ends = interval([top["pearson_min"], top["pearson_max"]])
    start = (
        f"Over {count(top['settings'], 'setting')} of measuring, the correlation of {top['measure']} runs from {ends}"
    )
    if not turned:
        return f"{start}; every measure keeps its sign."
    return f"{start}; the sign hangs on the setting for {len(turned)} of {len(found)} measures ({listed(turned, 4)})."


def _power(facts: Mapping[str, Any]) -> str:
    found = facts.get("power") or {}
    if not found.get("n"):
        return ""
    least = found.get("detectable_80")
    table = f"{count(found['n'], 'independent model')} and {count(found.get('controls') or 0, 'control')}"
    if least is None:
        return f"With {table} no partial correlation is found reliably."
    more = f" {needed(found)}" if needed(found) else ""
    return f"With {table} a true partial correlation of ±{coefficient(least)} is found four times in five.{more}"


def needed(power: Mapping[str, Any]) -> str:
    """How many models the next smaller effect would need."""
    smaller = [
        e for e in power.get("needed") or [] if e.get("n_80") and e["true"] < (power.get("detectable_80") or 1.0)
    ]
    if not smaller:
        return ""
    next_one = max(smaller, key=lambda e: e["true"])
    return f"One of ±{coefficient(next_one['true'])} would need {count(next_one['n_80'], 'model')}."
