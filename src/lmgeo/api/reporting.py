"""What the page says beside the statistics, read from a store's plans and records."""

from __future__ import annotations

import shlex
from collections import defaultdict
from collections.abc import Mapping
from typing import Any

from lmgeo.api.listing import listing
from lmgeo.core.provenance import versions
from lmgeo.report.context import ReportContext
from lmgeo.store.store import Store
from lmgeo.store.table import value_keys


def store_context(url: str, asked: Mapping[str, Any]) -> ReportContext:
    """The page's context for a store; `asked`: the settings of the analysis that were given."""
    from lmgeo.api.studies import status, study_text
    from lmgeo.core.spec.blocks import MeasureSpec
    from lmgeo.measures.protocols import protocol as named
    from lmgeo.measures.protocols import protocol_identity

    store = Store(url)
    plans = list(store.documents("plans"))
    counts = status(url)
    names = {
        c["protocol"] or MeasureSpec().protocol for plan in plans for c in _wanted(plan) if c["name"] != "pretrain"
    }
    by_name = _records(store)
    records = list(by_name.values())
    keys, files = _origins(store, by_name)
    return ReportContext(
        title=", ".join(plan["name"] for plan in plans),
        source=url,
        study="\n---\n".join(study_text(plan) for plan in plans),
        settings=_settings(plans),
        protocol={name: protocol_identity(named(name)) for name in sorted(names)},
        counts={k: v for k, v in counts.items() if k != "failures"},
        seconds=_seconds(records),
        failures=counts["failures"],
        missing_values=_missing(records),
        measures=_definitions(),
        provenance=versions(),
        notes=list(dict.fromkeys(note for r in records for note in r["notes"])),
        command=_command(url, asked),
        keys=keys,
        records=files,
    )


def _command(source: str, asked: Mapping[str, Any]) -> str:
    """What makes the page again, with every setting that was given."""
    given = {
        name: ",".join(v) if isinstance(v, (list, tuple)) else str(v) for name, v in asked.items() if v is not None
    }
    return shlex.join(
        ["lmgeo", "report", source, *(w for n, v in given.items() for w in (f"--{n}", v)), "--out", "report.html"]
    )


def _records(store: Store) -> dict[str, dict[str, Any]]:
    """Every record by its name inside the store."""
    kinds = ("pretrain", "measure", "evaluate", "losses")
    return {name: store.read(name) for kind in kinds for name in store.names(f"records/{kind}")}


def _origins(
    store: Store, records: Mapping[str, dict[str, Any]]
) -> tuple[dict[str, dict[str, list[str]]], dict[str, list[str]]]:
    """By model: the keys of its values by column, and the records that hold them."""
    where = {key: name for name, record in records.items() for key in record["results"]}
    keys = {
        model: {column: own for column, keys in columns.items() if (own := [k for k in keys if k in where])}
        for model, columns in value_keys(store).items()
    }
    return keys, {m: sorted({where[k] for own in columns.values() for k in own}) for m, columns in keys.items()}


def table_context(source: str, asked: Mapping[str, Any]) -> ReportContext:
    """The page's context for a plain table; `asked`: the settings of the analysis that were given."""
    return ReportContext(
        title=source,
        source=source,
        measures=_definitions(),
        provenance=versions(),
        command=_command(source, asked),
    )


def _wanted(plan: dict[str, Any]) -> list[dict[str, Any]]:
    return [w for cell in plan["cells"] if cell["kind"] == "measure" for w in cell["wanted"]]


def _settings(plans: list[dict[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for plan in plans:
        found["models"] = found.get("models", 0) + len({r["model"] for r in plan["rows"]})
        for block in ("perturb", "represent", "evaluate"):
            if block in plan["study"]:
                found[block] = plan["study"][block]
        found["threads a worker"] = plan["threads"]
    return found


def _seconds(records: list[dict[str, Any]]) -> dict[str, float]:
    total: dict[str, float] = defaultdict(float)
    for record in records:
        total[record["kind"]] += record["seconds"]
    return {kind: round(seconds, 1) for kind, seconds in total.items()}


def _missing(records: list[dict[str, Any]]) -> list[dict[str, str]]:
    found = []
    for record in records:
        for result in record["results"].values():
            reason = result.get("left_out") or result.get("measurement", {}).get("reason")
            if reason:
                column = f"{result['object']}.{result['name']}"
                found.append({"model": record["spec"].get("name", ""), "measure": column, "reason": reason})
    return found


def _definitions() -> dict[str, dict[str, Any]]:
    return {
        entry["name"]: {**{k: entry[k] for k in ("description", "unit", "range", "direction")}, "cite": entry["source"]}
        for entry in listing("measures")
    }
