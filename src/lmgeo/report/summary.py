"""The page's first words: what was found, with the figures in the sentences."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from lmgeo.analysis.columns import bare
from lmgeo.report.wording import coefficient, count, interval, listed, probability

SIGNIFICANT = 0.05
_CHANCE = 2.5  # over √n: 95 % of unrelated columns have a distance correlation below
Entry = Mapping[str, Any]


def ranked(facts: Mapping[str, Any]) -> list[Entry]:
    """Correlations with a value, the strongest Pearson first."""
    found = [entry for entry in facts["correlations"] if entry["pearson"] is not None]
    return sorted(found, key=lambda entry: (-abs(entry["pearson"]), entry["measure"]))


def places(facts: Mapping[str, Any]) -> dict[str, int]:
    """The rank of each measure, by its whole name and by its bare one (of several sites the strongest)."""
    found: dict[str, int] = {}
    for place, entry in enumerate(ranked(facts)):
        found.setdefault(entry["measure"], place)
        found.setdefault(bare(entry["measure"]), place)
    return found


def by_strength(facts: Mapping[str, Any], entries: Iterable[Entry]) -> list[Entry]:
    """Entries in the order of their measures' raw correlations, unknown ones last."""
    rank = places(facts)
    return sorted(entries, key=lambda entry: rank.get(entry["measure"], len(rank)))


def given(facts: Mapping[str, Any], part: str, value: str) -> list[Entry]:
    """The entries of a part that have the value; none where the document lacks the part."""
    return [entry for entry in facts.get(part) or [] if entry.get(value) is not None]


def clear(bounds: Sequence[float] | None) -> bool:
    """Whether an interval excludes zero."""
    return bounds is not None and bool(bounds[0] > 0 or bounds[1] < 0)


def bracketed(bounds: Sequence[float] | None) -> str:
    """` (0.1 to 0.3)`, or nothing."""
    return f" ({interval(bounds)})" if bounds else ""


def raw(facts: Mapping[str, Any]) -> list[str]:
    """Sentences on the correlations as they are, nothing held fixed."""
    order = ranked(facts)
    if not order:
        return []
    said = [_closest(order[0], facts["target"]), _how_many(order), _opposite(order), _bent(order)]
    return [sentence for sentence in said if sentence]


def figures(facts: Mapping[str, Any]) -> list[tuple[str, str]]:
    """The few numbers shown large: (number, what it is)."""
    order = ranked(facts)
    used = max((entry["n"] for entry in facts["correlations"]), default=0)
    tiles = [(f"{used:,}", "models analysed"), (f"{len(facts['correlations']):,}", "measures")]
    dimensions = (facts.get("alignment") or {}).get("dimensions")
    if dimensions:
        tiles[1] = (tiles[1][0], f"measures, {count(dimensions, 'independent thing')}")
    if order:
        tiles.append((coefficient(order[0]["pearson"]), f"strongest correlation: {order[0]['measure']}"))
        tiles.append((f"{significant(order)} of {len(order)}", "measures related to the score (q ≤ 0.05)"))
    together = (facts.get("incremental_all") or {}).get("linear") or {}
    if together.get("delta_r2") is not None:
        gain = f"{together['delta_r2']:+.2f}".replace("-", "−")
        tiles.append((gain, "R² that all measures together add to the choices"))
    return tiles


def significant(order: Sequence[Entry]) -> int:
    """How many measures are told from chance, their number allowed for."""
    return sum(entry["q"] <= SIGNIFICANT for entry in order)


def equals(p: float | None) -> str:
    """`= 0.012` or `< 0.001`."""
    text = probability(p)
    return text if text.startswith("<") else f"= {text}"


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


def _how_many(order: Sequence[Entry]) -> str:
    found = significant(order)
    if len(order) == 1:
        verdict = "unlikely" if found else "not unlikely"
        return f"Chance alone is {verdict} to give a relation this strong (p {equals(order[0]['p'])})."
    if not found:
        return f"None of the {len(order)} measures can be told from chance, their number allowed for (all q > 0.05)."
    some = f"All {found}" if found == len(order) else f"{found} of {len(order)}"
    return f"{some} measures are related to the score beyond what chance would give (q ≤ 0.05, Benjamini–Hochberg)."


def _opposite(order: Sequence[Entry]) -> str:
    """Where Pearson and Spearman tell different stories, a few points or a bend carry the relation."""
    odd = [e["measure"] for e in order if abs(e["pearson"] - (e["spearman"] or 0.0)) > 0.3 and e["q"] <= SIGNIFICANT]
    if not odd:
        return ""
    return (
        f"For {listed(odd, 4)} Pearson and Spearman differ by more than 0.3: a few extreme models or a bend carry the "
        f"relation, so look at the scatter before quoting either."
    )


def _bent(order: Sequence[Entry]) -> str:
    """Measures whose distance correlation is well above the straight and the rising relation."""
    bent = [
        e["measure"]
        for e in order
        if (e.get("distance_correlation") or 0.0)
        > max(_CHANCE / e["n"] ** 0.5, 0.3 + abs(e["pearson"]), 0.3 + abs(e["spearman"] or 0.0))
    ]
    if not bent:
        return ""
    return f"{listed(bent, 4)} depends on the score in a form that is neither straight nor steadily rising or falling."
