"""The sections of a chapter, in the order of the page: which charts and tables each holds, and its first words."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from lmgeo.report.charts.base import Chart
from lmgeo.report.context import ReportContext
from lmgeo.report.tables import estimates, suites, wider
from lmgeo.report.tables.base import Table
from lmgeo.report.tables.definitions import definitions
from lmgeo.report.wording import Caveat, listed


@dataclass(frozen=True)
class Section:
    """One section.

    Attributes:
        id: of the section, within its chapter.
        nav: its name in the row of links.
        heading: the question it answers.
        text: its first words.
        charts, tables: what it holds.
        caveats: what bears on it.
        place: the hand-made parts that stand here (`linked` charts, `models`, `caveats`, `ran`).
    """

    id: str
    nav: str
    heading: str
    text: str = ""
    charts: Sequence[Chart] = ()
    tables: Sequence[Table] = ()
    caveats: Sequence[Caveat] = field(default=())
    place: str = ""


def sections(
    facts: Mapping[str, Any],
    context: ReportContext,
    charts: Mapping[str, Chart],
    caveats: Sequence[Caveat],
    linked: bool,
) -> list[Section]:
    """The sections that hold something, each with the caveats that bear on it."""
    found = []
    for section in _all(facts, context, charts, linked):
        if section.charts or section.tables or section.place:
            own = [c for c in caveats if section.id in c.sections]
            found.append(Section(**{**section.__dict__, "caveats": own}))
    return found


def _all(
    facts: Mapping[str, Any], context: ReportContext, charts: Mapping[str, Chart], linked: bool
) -> Iterator[Section]:
    target = facts["target"]

    def drawn(*names: str) -> list[Chart]:
        return [charts[name] for name in names if name in charts]

    yield Section(
        "ranking",
        "Ranking",
        "Which measures go with the score?",
        "",
        drawn("ranking"),
        _there(estimates.correlations(facts)),
    )
    yield Section(
        "scatter", "Charts", "Models one by one", _LINKED if linked else "", place="linked" if linked else "",
    )  # fmt: skip
    yield Section("models", "Models", "All models", "", place="models")
    yield Section("curves", "Curves", "The score along a factor", "", drawn("curves"))
    yield Section(
        "controls", "Beyond the choices", "What is left once the choices are held fixed?", _controls_text(facts),
        drawn("controlled", "gains", "strata"), _there(estimates.controlled(facts), estimates.strata(facts)),
    )  # fmt: skip
    yield Section(
        "reflects", "Reflects", "What does geometry reflect?",
        f"How much of the variance of {target}, and of each measure, goes with each choice.",
        drawn("reflects"), _there(suites.choices(facts), wider.reflects(facts)),
    )  # fmt: skip
    yield Section("battery", "Battery", "How many things do the measures measure?", "", drawn("alignment", "scree"))
    yield Section(
        "transfer", "Transfer", "Does it predict models of another kind?", _TRANSFER, drawn("transfer"),
        _there(wider.transfer(facts), wider.levels(facts), estimates.holdout(facts)),
    )  # fmt: skip
    yield Section(
        "training", "Training", "What happened along training?", "", drawn("trajectories"),
        _there(suites.kinds(facts), suites.twins_mean(facts), suites.twins(facts), wider.saturation(facts)),
    )  # fmt: skip
    yield Section(
        "exceptions", "Exceptions", "Which models contradict it?", "", [], _there(wider.counterexamples(facts)),
    )  # fmt: skip
    yield Section(
        "settings", "Settings", "Does it hang on how geometry is measured?", "", drawn("specification"),
        _there(wider.sensitivity(facts), wider.specifications(facts)),
    )  # fmt: skip
    yield Section(
        "power", "Power", "What could a table of this size find?", "", drawn("power"), _there(wider.needed(facts))
    )
    yield Section("regressions", "Regressions", "Straight lines", "", [], _there(estimates.regressions(facts)))
    yield Section("caveats", "Caveats", "Failures and caveats", place="caveats")
    yield Section("ran", "What ran", "What ran", place="ran")
    known = definitions(facts, context)
    yield Section("definitions", "Measures", "What the measures are", "", [], _there(known), place=_nulls(context))


_LINKED = (
    "Draw a rectangle in a chart, or touch its dots, to select models: both charts and the table below show the same "
    "ones. A model's name in the table opens its settings, its values and where they came from."
)
_TRANSFER = (
    "Each level is predicted by fits that never saw it, beside two predictions without geometry: the plain mean and "
    "the choices."
)


def _controls_text(facts: Mapping[str, Any]) -> str:
    controls = facts["partial"][0]["controls"] if facts.get("partial") else []
    if not controls:
        return ""
    gain: Mapping[str, Any] = next(iter(facts.get("incremental") or []), {})
    grouped = f", whole groups of {gain['grouped_by']} held out together" if gain.get("grouped_by") else ""
    return (
        f"Does a measure say anything that {listed(controls, 8)} do not? Partial is Spearman's correlation with them "
        f"held fixed; ΔR² is what the measure adds to them in cross-validation{grouped}. An interval that holds zero "
        f"leaves the question open."
    )


def _there(*tables: Table | None) -> list[Table]:
    return [table for table in tables if table is not None]


def _nulls(context: ReportContext) -> str:
    return "nulls" if context.nulls else ""
