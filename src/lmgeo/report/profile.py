"""Each measure by depth: one small panel a measure, as a page and as a picture."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from functools import cache
from typing import TYPE_CHECKING, Any

from lmgeo.core.errors import NotEnoughData
from lmgeo.report.bundle import coloured, page_file, vega
from lmgeo.report.packing import safe_json
from lmgeo.report.panels import AXIS, COLOURS, DASHES, GAP, MODEL, PANEL, chart

if TYPE_CHECKING:
    import jinja2

_SHORT = {"embeddings": "emb", "final_prenorm": "pre", "final": "final"}


def profile_page(document: Mapping[str, Any], families: Mapping[str, str]) -> str:
    """The page as HTML, with styles, script and data inside; it fetches nothing.

    Args:
        document: what `lmgeo measure MODEL` prints; its objects in the order of depth.
        families: which family each measure belongs to, in the order in which they are shown.

    Raises:
        NotEnoughData: no measure has a value.
    """
    panels = _panels(document, families)
    title, *lines = describe(document)
    kinds = _kinds(panels)
    data = {
        "specs": [chart(points, _depths(document)) for points in panels.values()],
        "panel": {**PANEL, "axis": AXIS, "gap": GAP},
        "key": [{"name": k, "colour": f"var({COLOURS[k]})", "dash": DASHES[k]} for k in kinds],
    }
    return _template().render(
        title=title,
        lines=lines,
        charts=list(panels),
        left_out=_left_out(document),
        kinds=kinds,
        json=safe_json(data),
        css=page_file("colours.css") + page_file("page.css") + page_file("parts.css") + page_file("print.css"),
        js=page_file("profile.js"),
        vega=vega(),
    )


def profile_picture(document: Mapping[str, Any], families: Mapping[str, str], scale: float = 2.0) -> bytes:
    """The same charts as one PNG.

    Args:
        document, families: as of `profile_page`.
        scale: pixels a unit.

    Raises:
        NotEnoughData: no measure has a value.
    """
    import vl_convert

    panels = _panels(document, families)
    kinds = _kinds(panels)
    first = next((name for name, points in panels.items() if any(p["kind"] != MODEL for p in points)), None)
    charts = [
        {"title": name, **chart(points, _depths(document), kinds if name == first else ())}
        for name, points in panels.items()
    ]
    title, *below = describe(document)
    spec = {
        "background": "var(--card)",
        "padding": 16,
        "title": {"text": title, "subtitle": below, "fontSize": 17, "subtitleFontSize": 12, "offset": 14},
        "vconcat": charts,
        "spacing": 26,
        "config": _config(),
    }
    return bytes(vl_convert.vegalite_to_png(coloured(json.dumps(spec)), scale=scale))


def describe(document: Mapping[str, Any]) -> list[str]:
    """What was measured, in a few lines."""
    sampling = document.get("sampling") or {}
    rows = sorted({found["n"] for found in document["objects"].values()})
    text = [f"{document['source']} by depth"]
    if sampling:
        text.append(f"{sampling['sequences']} sequences of {sampling['corpus']}, tokens {sampling['tokens']}")
    text.append(f"{' or '.join(f'{n:,}' for n in rows)} rows a site; protocol {document['protocol']['name']}")
    return text


def _panels(document: Mapping[str, Any], families: Mapping[str, str]) -> dict[str, list[dict[str, Any]]]:
    """For each family the points of its measures: one a site, and one for each null reference there."""
    panels: dict[str, list[dict[str, Any]]] = {name: [] for name in dict.fromkeys(families.values())}
    names = dict.fromkeys(name for found in document["objects"].values() for name in found["measures"])
    for name in sorted(names, key=list(families).index):
        points = [p for site, found in document["objects"].items() for p in _points(site, name, found["measures"])]
        if any(p["kind"] == MODEL and p["value"] is not None for p in points):
            panels[families[name]] += points
    if not any(panels.values()):
        raise NotEnoughData(f"no measure of {document['source']} has a value", "measure more rows")
    return {family: points for family, points in panels.items() if points}


def _points(site: str, name: str, measures: Mapping[str, Any]) -> list[dict[str, Any]]:
    found = measures.get(name)
    if found is None:
        return []
    place = {"measure": name, "site": site, "depth": short_site(site), "unit": found["unit"]}
    value, spread = found["value"], found["spread"]
    point = {**place, "kind": MODEL, "value": value, "spread": spread}
    if value is not None and spread is not None:
        point |= {"low": value - spread, "high": value + spread}
    nulls = found.get("nulls") or {}
    return [point, *({**place, "kind": kind, "value": v} for kind, v in nulls.items() if v is not None)]


def _depths(document: Mapping[str, Any]) -> list[str]:
    return [short_site(site) for site in document["objects"]]


def short_site(site: str) -> str:
    """`block.3` is 3: what fits under a small panel."""
    return _SHORT.get(site, site.removeprefix("block."))


def _left_out(document: Mapping[str, Any]) -> list[tuple[str, str]]:
    """The measures without a value at any site, with the first reason."""
    reasons: dict[str, str | None] = {}
    for found in document["objects"].values():
        for name, m in found["measures"].items():
            if m["value"] is not None:
                reasons[name] = None
            else:
                reasons.setdefault(name, m["reason"])
    return [(name, reason) for name, reason in reasons.items() if reason is not None]


def _kinds(panels: Mapping[str, Sequence[Mapping[str, Any]]]) -> list[str]:
    there = {p["kind"] for points in panels.values() for p in points}
    return [kind for kind in COLOURS if kind in there]


def _config() -> dict[str, Any]:
    soft = {"labelColor": "var(--soft)", "titleColor": "var(--ink)", "gridColor": "var(--grid)", "labelFontSize": 10}
    return {
        "font": "Noto Sans, Liberation Sans, DejaVu Sans, Arial, sans-serif",
        "view": {"stroke": "var(--line)"},
        "axis": soft,
        "title": {"anchor": "start", "color": "var(--ink)", "subtitleColor": "var(--soft)", "fontSize": 14},
        "legend": {"labelColor": "var(--ink)", "labelFontSize": 11},
    }


@cache
def _template() -> jinja2.Template:
    import jinja2

    environment = jinja2.Environment(
        autoescape=True, trim_blocks=True, lstrip_blocks=True, undefined=jinja2.StrictUndefined
    )
    return environment.from_string(page_file("profile.html.j2"))
