"""The layer profile: each measure of a model by depth."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any


def write_profile(document: Mapping[str, Any], out: str | Path) -> list[Path]:
    """Write `profile.html` and `profile.png` of a model that was measured at two sites or more.

    Args:
        document: what `measure_model` gives.
        out: the folder.

    Returns:
        The files; none for a cloud file or a single site.
    """
    from lmgeo.core.files import write_bytes, write_text
    from lmgeo.report.profile import profile_page, profile_picture

    if document["model"] is None or len(document["objects"]) < 2:
        return []
    families = chart_families(document)
    page, picture = Path(out) / "profile.html", Path(out) / "profile.png"
    write_text(page, profile_page(document, families))
    write_bytes(picture, profile_picture(document, families))
    return [page, picture]


def chart_families(document: Mapping[str, Any]) -> dict[str, str]:
    """The family of each measure of a document, those of one family together and in a reader's order."""
    from lmgeo.measures.declare import MEASURES
    from lmgeo.measures.families import chart_family, families

    names = dict.fromkeys(name for found in document["objects"].values() for name in found["measures"])
    found = {name: chart_family(MEASURES[name]) for name in names}
    order = families()
    return dict(sorted(found.items(), key=lambda item: order.index(item[1])))
