"""Where each value of a page came from: keys and files of the store, as many as the page has room for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from lmgeo.report.context import ReportContext

ROOM = 1_200_000  # characters
_SHORT = 12  # digits of a key that tell it from all others of a store that fills the room


def origins(names: Sequence[str], context: ReportContext, room: int = ROOM) -> dict[str, Any] | None:
    """Keys and record files in the order of `names`; None for a plain table.

    Args:
        names: of the models.
        context: holds their keys and records.
        room: characters that the page has for them.

    Returns:
        `keys`: `columns`, the `length` of a key and one text a model, its keys end to end in the order
        of the columns, dashes where there is none; None where there is no room for them.
        `records`: the files of each model, or the first digits of their names where room is short.
        `whole`: whether keys and names are given in full.
    """
    if not context.keys and not context.records:
        return None
    columns = _columns(context.keys)
    for length in (None, _SHORT):
        keys, records = _keys(names, columns, context.keys, length), _records(names, context.records, length)
        if _size(keys["rows"]) + _size(records) <= room:
            return {"keys": keys, "records": records, "whole": length is None}
    return {"keys": None, "records": _records(names, context.records, _SHORT), "whole": False}


def _columns(keys: Mapping[str, Mapping[str, Sequence[str]]]) -> list[str]:
    """Each column once, and once more for each further seed that its value is a mean over."""
    most: dict[str, int] = {}
    for of_model in keys.values():
        for column, own in of_model.items():
            most[column] = max(most.get(column, 0), len(own))
    return [column for column, many in most.items() for _ in range(many)]


def _keys(
    names: Sequence[str], columns: list[str], keys: Mapping[str, Mapping[str, Sequence[str]]], length: int | None
) -> dict[str, Any]:
    whole = max((len(k) for of_model in keys.values() for own in of_model.values() for k in own), default=0)
    width = min(whole, length or whole)
    rows = []
    for name in names:
        seen: dict[str, int] = {}
        parts = []
        for column in columns:
            own, at = keys.get(name, {}).get(column, ()), seen.get(column, 0)
            seen[column] = at + 1
            parts.append((own[at] if at < len(own) else "").ljust(width, "-")[:width])
        rows.append("".join(parts))
    return {"columns": columns, "length": width, "rows": rows}


def _records(names: Sequence[str], records: Mapping[str, Sequence[str]], length: int | None) -> list[str]:
    """The records of each model in one text; shortened, the beginnings of their files' own names."""
    own = (records.get(name, ()) for name in names)
    return [" ".join(r if length is None else r.rpartition("/")[2][:length] for r in of_model) for of_model in own]


def _size(texts: Sequence[str]) -> int:
    return sum(len(text) + 3 for text in texts)
