"""The page's first words: what was found, with the figures in the sentences."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from lmgeo.report.wording import coefficient, count, interval, listed, probability

SIGNIFICANT = 0.05
Entry = Mapping[str, Any]


def ranked(facts: Mapping[str, Any]) -> list[Entry]:
    """Correlations with a value, the strongest Pearson first."""
    found = [entry for entry in facts["correlations"] if entry["pearson"] is not None]
    return sorted(found, key=lambda entry: (-abs(entry["pearson"]), entry["measure"]))


def sentences(facts: Mapping[str, Any]) -> list[str]:
    """Three to six sentences on what the estimates say, in order of weight."""
    order = ranked(facts)
    if not order:
        return [f"No measure could be set against {facts['target']}: see the caveats for the reasons."]
    said = [_closest(order[0], facts["target"]), _how_many(order), _opposite(order)]
    said += [_beyond_controls(facts, order), _added(facts), _predicted(facts)]
    return [sentence for sentence in said if sentence]


def figures(facts: Mapping[str, Any]) -> list[tuple[str, str]]:
    """The few numbers shown large: (number, what it is)."""
    order = ranked(facts)
    used = max((entry["n"] for entry in facts["correlations"]), default=0)
    tiles = [(f"{used:,}", "models analysed"), (f"{len(facts['correlations']):,}", "measures")]
    if order:
        tiles.append((coefficient(order[0]["pearson"]), f"strongest correlation: {order[0]['measure']}"))
        tiles.append((f"{_significant(order)} of {len(order)}", "measures related to the score (q ≤ 0.05)"))
    return tiles


def _closest(top: Entry, target: str) -> str:
    size = abs(top["pearson"])
    strength = (
        "very closely" if size >= 0.9 else "closely" if size >= 0.7 else "moderately" if size >= 0.4 else "weakly"
    )
    way = "rises" if top["pearson"] > 0 else "falls"
    return (
        f"Of all measures, {top['measure']} goes {strength} with {target}: the score {way} as it grows, with a Pearson "
        f"correlation of {coefficient(top['pearson'])} (95 % interval {interval(top['pearson_ci'])}) and a Spearman "
        f"correlation of {coefficient(top['spearman'])} over {count(top['n'], 'model')}."
    )


def _significant(order: Sequence[Entry]) -> int:
    return sum(entry["q"] <= SIGNIFICANT for entry in order)


def _how_many(order: Sequence[Entry]) -> str:
    found = _significant(order)
    if len(order) == 1:
        verdict = "unlikely" if found else "not unlikely"
        return f"Chance alone is {verdict} to give a relation this strong (p {_equals(order[0]['p'])})."
    if not found:
        return f"None of the {len(order)} measures can be told from chance, their number allowed for (all q > 0.05)."
    some = "All" if found == len(order) else f"{found}"
    return (
        f"{some} of {len(order)} measures are related to the score beyond what chance would give "
        f"(q ≤ 0.05, Benjamini–Hochberg)."
    )


def _opposite(order: Sequence[Entry]) -> str:
    """Where Pearson and Spearman tell different stories, a few points or a bend carry the relation."""
    odd = [e["measure"] for e in order if abs(e["pearson"] - (e["spearman"] or 0.0)) > 0.3 and e["q"] <= SIGNIFICANT]
    if not odd:
        return ""
    return (
        f"For {listed(odd, 4)} Pearson and Spearman differ by more than 0.3: a few extreme models or a bend carry the "
        f"relation, so look at the scatter before quoting either."
    )


def _beyond_controls(facts: Mapping[str, Any], order: Sequence[Entry]) -> str:
    given = [entry for entry in facts["partial"] if entry["spearman"] is not None]
    if not given:
        return ""
    controls = listed(given[0]["controls"], 4)
    left = [e for e in given if e["ci"] and (e["ci"][0] > 0 or e["ci"][1] < 0)]
    same = next((entry for entry in given if entry["measure"] == order[0]["measure"]), None)
    top = (
        f" {same['measure']} goes from a Spearman correlation of {coefficient(order[0]['spearman'])} to "
        f"{coefficient(same['spearman'])}{_bracketed(same['ci'])}."
        if same
        else ""
    )
    many = "no measure keeps" if not left else f"{len(left)} of {len(given)} measures keep"
    return f"With {controls} held fixed, {many} an interval clear of zero.{top}"


def _added(facts: Mapping[str, Any]) -> str:
    given = [entry for entry in facts["incremental"] if entry["delta_r2"] is not None]
    if not given:
        return ""
    best = max(given, key=lambda entry: entry["delta_r2"])
    alone = coefficient(best["baseline_r2"])
    base = f"In {best['folds']}-fold cross-validation the controls alone explain {alone} of the variance"
    if best["delta_r2"] <= 0:
        return f"{base}; no measure adds to that."
    return f"{base}; {best['measure']} adds the most, {coefficient(best['delta_r2'])}{_bracketed(best['ci'])}."


def _bracketed(bounds: Sequence[float] | None) -> str:
    return f" ({interval(bounds)})" if bounds else ""


def _predicted(facts: Mapping[str, Any]) -> str:
    given = [entry for entry in facts["holdout"] if entry["mse"] is not None]
    if not given:
        return ""
    best = min(given, key=lambda entry: entry["mse"])
    form = f" with {best['by']}" if best["by"] else ""
    return (
        f"On the hold-out models {best['measure']}{form} predicts best, with a mean squared error of {best['mse']:.2g}."
    )


def _equals(p: float | None) -> str:
    text = probability(p)
    return text if text.startswith("<") else f"= {text}"
