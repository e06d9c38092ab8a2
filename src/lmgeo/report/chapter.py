"""One table's chapter: its words, charts, tables and data, ready to be written."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from lmgeo.analysis.settings import first_setting
from lmgeo.report.caveats import caveats
from lmgeo.report.charts.all import charts
from lmgeo.report.charts.base import Chart
from lmgeo.report.charts.scatter import colour_encoding, no_colour
from lmgeo.report.context import ReportContext
from lmgeo.report.models import LEAST_DIGITS, Models, read_models
from lmgeo.report.origins import ROOM, origins
from lmgeo.report.packing import packed_models, safe_json
from lmgeo.report.sections import Section, sections
from lmgeo.report.statements import lead, points
from lmgeo.report.summary import figures, ranked
from lmgeo.report.tables.definitions import what_ran
from lmgeo.report.wording import Caveat, duration

if TYPE_CHECKING:
    import pandas as pd

_MOST_GROUPS = 30


@dataclass(frozen=True)
class Chapter:
    """Everything the template writes of one table.

    Attributes:
        id: of the chapter in the page.
        table, facts, context: what it was made of.
        models: the rows drawn and listed.
        charts: by name.
        sections: in order.
        caveats: all of them.
        lead, points: the summary.
        tiles: the numbers shown large.
        ran: label and value of what ran.
        seconds: label and time.
        linked: whether there is a measure to draw against a score.
    """

    id: str
    table: pd.DataFrame
    facts: Mapping[str, Any]
    context: ReportContext
    models: Models
    charts: Mapping[str, Chart]
    sections: Sequence[Section]
    caveats: Sequence[Caveat]
    lead: Sequence[str]
    points: Sequence[tuple[str, str]]
    tiles: Sequence[tuple[str, str]]
    ran: Sequence[tuple[str, str]]
    seconds: Sequence[tuple[str, str]]
    linked: bool

    @property
    def titles(self) -> dict[str, str]:
        """The short name of each section."""
        return {"summary": "Summary", **{section.id: section.nav for section in self.sections}}

    @property
    def groups(self) -> list[str]:
        """The columns whose levels a reader may look at alone."""
        named = [c for c in self.models.of("factor") if not c.is_number]
        return [c.name for c in named if 1 < len(c.levels) <= _MOST_GROUPS]

    @property
    def models_json(self) -> str:
        """The models, for the page's script."""
        room = ROOM if self.models.digits != LEAST_DIGITS else ROOM // 3
        known = origins(self.models.names, self.context, room)
        return packed_models(self.models, known, self.context.source)

    @property
    def data_json(self) -> str:
        """Charts, tables and the estimates that captions quote, for the page's script."""
        colours = {c.name: colour_encoding(c) for c in self.models.colours()} | {"": no_colour()}
        order = ranked(self.facts)
        return safe_json(
            {
                "target": self.facts["target"],
                "hint": self._hint(),
                "groups": self.groups,
                "ranking": [_estimate(entry) for entry in order],
                "encodings": colours,
                "charts": {name: chart_json(chart) for name, chart in self.charts.items()},
                "tables": [t.to_json() for section in self.sections for t in section.tables],
            }
        )

    def _hint(self) -> str:
        """What a filter may look like, with columns of this table."""
        number = next((c.name for c in self.models.choices() if c.is_number), self.facts["target"])
        return f"words, or {number} > 0.5 and …"


def chapter(number: int, table: pd.DataFrame, facts: Mapping[str, Any], context: ReportContext) -> Chapter:
    """The chapter of a table with its estimates."""
    rows, _ = first_setting(table)  # as the analysis: settings are never drawn as one
    models, found, known = read_models(rows, facts), charts(rows, facts, context.steps), caveats(table, facts, context)
    linked = bool(ranked(facts)) and bool(models.of("measure")) and bool(models.of("score"))
    parts = sections(facts, context, found, known, linked)
    present = {"summary", *(section.id for section in parts)}
    return Chapter(
        id=f"p{number}",
        table=rows,
        facts=facts,
        context=context,
        models=models,
        charts=found,
        sections=parts,
        caveats=[replace(c, sections=tuple(s for s in c.sections if s in present)) for c in known],
        lead=lead(facts),
        points=points(facts),
        tiles=figures(facts),
        ran=what_ran(table, facts, context),
        seconds=[(phase, duration(s)) for phase, s in context.seconds.items()],
        linked=linked,
    )


def chart_json(chart: Chart) -> dict[str, Any]:
    """A chart as the page's script reads it: both forms of the spec, the data, and what each option puts in."""
    return {
        "name": chart.name,
        "spec": {"wide": chart.spec(False), "narrow": chart.spec(True)},
        "data": dict(chart.data),
        "binds": dict(chart.binds),
        "pickers": {p.role: {o.value: dict(o.binds) for o in p.options} for p in chart.pickers},
        "room": list(chart.room),
        "row": list(chart.row),
    }


def _estimate(entry: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "measure": entry["measure"],
        "n": entry["n"],
        "pearson": [entry["pearson"], *(entry["pearson_ci"] or [None, None])],
        "spearman": [entry["spearman"], *(entry["spearman_ci"] or [None, None])],
    }
