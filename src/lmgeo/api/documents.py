"""The document that a measuring command prints and keeps."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from lmgeo.core.errors import NotEnoughData
from lmgeo.core.measurement import Measurement


def measured_object(n: int, d: int, found: Mapping[str, Measurement], *, centred: bool = True) -> dict[str, Any]:
    """One object of a document: a cloud or a matrix of n rows and d columns."""
    return {"n": n, "d": d, "centred": centred, "measures": {name: m.to_json() for name, m in found.items()}}


def document(
    source: str,
    model: dict[str, Any] | None,
    objects: dict[str, Any],
    left_out: list[dict[str, str]],
    protocol: str,
) -> dict[str, Any]:
    """The whole document.

    Raises:
        NotEnoughData: no measure of any object has a value.
    """
    from lmgeo.core.provenance import provenance
    from lmgeo.measures.protocols import protocol as named
    from lmgeo.measures.protocols import protocol_identity

    if not any(m["value"] is not None for o in objects.values() for m in o["measures"].values()):
        raise _nothing(source, objects, left_out)
    return {
        "source": source,
        "model": model,
        "objects": objects,
        "left_out": left_out,
        "protocol": protocol_identity(named(protocol)),
        "provenance": provenance(),
    }


def _nothing(source: str, objects: dict[str, Any], left_out: list[dict[str, str]]) -> NotEnoughData:
    reasons = [m["reason"] for o in objects.values() for m in o["measures"].values()]
    reasons += [f"{entry['object']}: {entry['reason']}" for entry in left_out]
    shown = "; ".join(dict.fromkeys(r for r in reasons if r)) or "it holds no array"
    # files without a cloud and unknown sites are refused sooner: without objects it is a matrix that the model lacks
    mend = "give a larger cloud or matrix, or other measures" if objects else "name another matrix, or --matrices all"
    return NotEnoughData(f"no measure of {source!r} has a value: {shown}", mend)


def write_measures(found: dict[str, Any], out: str | Path) -> None:
    """Keep a measuring's document as `measures.json` in a folder; of several sites of a model, a chart by depth too."""
    from lmgeo.api.profiling import write_profile
    from lmgeo.core.files import write_json

    write_json(Path(out) / "measures.json", found)
    write_profile(found, out)
