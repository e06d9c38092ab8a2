"""One self-contained page from a table and its estimates: no network, same input same bytes."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import cache
from typing import TYPE_CHECKING, Any

from lmgeo.analysis.settings import first_setting
from lmgeo.report import caveats, grids, summary
from lmgeo.report.bundle import page_file, vega
from lmgeo.report.context import ReportContext
from lmgeo.report.curves import facts_of
from lmgeo.report.payload import payload, safe_json
from lmgeo.report.wording import duration, readable

if TYPE_CHECKING:
    import jinja2
    import markupsafe
    import pandas as pd

_BREAKS = re.compile(r"([._|,])(?=[A-Za-z])")
Part = tuple["pd.DataFrame", Mapping[str, Any], ReportContext]


def render(
    table: pd.DataFrame,
    facts: Mapping[str, Any],
    context: ReportContext | None = None,
    more: Sequence[Part] = (),
) -> str:
    """The page as HTML.

    Args:
        table: one row a model.
        facts: what `analyze` said of it.
        context: what else is known of the study; None: nothing.
        more: further tables with their estimates, each a chapter of its own below the first.

    Returns:
        HTML with styles, script and data inside. It fetches nothing, and names that users
        gave are escaped wherever they stand.
    """
    parts = [(table, facts, context or ReportContext()), *more]
    html = _template().render(
        title=parts[0][2].title,
        parts=[_part(i, *part) for i, part in enumerate(parts)],
        css=page_file("page.css"),
        js=page_file("page.js"),
        vega=vega(),
    )
    return html.encode("utf-8", "replace").decode("utf-8")  # a lone surrogate in a name cannot be written


def _part(number: int, table: pd.DataFrame, facts: Mapping[str, Any], context: ReportContext) -> dict[str, Any]:
    rows, _ = first_setting(table)  # as the analysis: settings are never drawn as one
    data = payload(rows, facts)
    return {
        "id": f"p{number}",
        "context": context,
        "facts": facts,
        "lead": summary.sentences(facts),
        "tiles": summary.figures(facts),
        "ran": grids.what_ran(table, facts, context),
        "seconds": [(phase, duration(s)) for phase, s in context.seconds.items()],
        "caveats": caveats.caveats(table, facts, context),
        "has_ranking": bool(data["ranking"]),
        "curves": data["curves"],
        "curves_caption": facts_of(data["curves"]),
        "scatter": data["scatter"],
        "models": grids.models(rows, facts),
        "controls": grids.beyond_controls(facts),
        "regressions": grids.regressions(facts),
        "holdout": grids.holdout(facts),
        "definitions": grids.definitions(facts, context),
        "json": safe_json(data),
    }


def _breakable(text: str) -> markupsafe.Markup:
    """Escaped text whose long names may break after a dot, underscore, bar or comma."""
    import markupsafe

    return markupsafe.Markup(_BREAKS.sub(r"\1<wbr>", str(markupsafe.escape(text))))


@cache
def _template() -> jinja2.Template:
    import jinja2

    environment = jinja2.Environment(
        autoescape=True, trim_blocks=True, lstrip_blocks=True, undefined=jinja2.StrictUndefined
    )
    environment.filters |= {"breakable": _breakable, "readable": readable}
    return environment.from_string(page_file("page.html.j2"))
