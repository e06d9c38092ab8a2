"""One self-contained page from a table and its estimates: no network, same input same bytes."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import cache
from typing import TYPE_CHECKING, Any

from lmgeo.report.bundle import page_file, vega
from lmgeo.report.chapter import Chapter, chapter
from lmgeo.report.charts import scatter
from lmgeo.report.charts.base import config
from lmgeo.report.comparison import comparison
from lmgeo.report.context import ReportContext
from lmgeo.report.packing import safe_json
from lmgeo.report.wording import readable

if TYPE_CHECKING:
    import jinja2
    import markupsafe
    import pandas as pd

_BREAKS = re.compile(r"([._|,:/])(?=[A-Za-z])")
_FONT = (
    "system-ui, -apple-system, 'Segoe UI', Roboto, 'Helvetica Neue', 'Noto Sans', 'Liberation Sans', Arial, sans-serif"
)
SCRIPTS = ("text", "rest", "filter", "statistics", "models", "table", "charts", "scatter", "details", "page")
STYLES = ("colours", "page", "parts", "print")
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
        facts: what `analyze` said of it; parts that it lacks are left out of the page.
        context: what else is known of the study; None: nothing.
        more: further tables with their estimates, each a chapter of its own below the first, and
            compared with the first in a last chapter.

    Returns:
        HTML with styles, script and data inside. It fetches nothing, and names that users
        gave are escaped wherever they stand.
    """
    return assemble([chapter(i, *part) for i, part in enumerate([(table, facts, context or ReportContext()), *more])])


def assemble(chapters: Sequence[Chapter]) -> str:
    """The page of chapters made before, as `render` gives it."""
    shared = {"config": {w: config(w == "narrow", _FONT) for w in ("wide", "narrow")}, "scatter": scatter.specs()}
    html = _template().render(
        title=chapters[0].context.title,
        chapters=chapters,
        comparison=comparison(chapters) if len(chapters) > 1 else None,
        shared=safe_json(shared),
        styles=[page_file(f"{name}.css") for name in STYLES],
        scripts=[page_file(f"{name}.js") for name in SCRIPTS],
        vega=vega(),
    )
    return html.encode("utf-8", "replace").decode("utf-8")  # a lone surrogate in a name cannot be written


def _breakable(text: str) -> markupsafe.Markup:
    """Escaped text whose long names may break after a dot, underscore, bar, comma, colon or slash."""
    import markupsafe

    return markupsafe.Markup(_BREAKS.sub(r"\1<wbr>", str(markupsafe.escape(text))))


@cache
def _template() -> jinja2.Template:
    import jinja2

    environment = jinja2.Environment(
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=jinja2.StrictUndefined,
        loader=jinja2.FunctionLoader(page_file),
    )
    environment.filters |= {"breakable": _breakable, "readable": readable}
    return environment.get_template("page.html.j2")
