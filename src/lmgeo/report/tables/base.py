"""Tables as data: the page's script sorts, filters, pages and saves them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

# How a column reads: a correlation with two decimals, a probability, a signed gain, an interval of either …
Kind = Literal["text", "model", "number", "count", "r", "signed", "p", "share", "interval", "signed_interval"]
Entry = Mapping[str, Any]
MOST_ROWS = 5000


@dataclass(frozen=True)
class Field:
    """One column: heading, how it reads, and a value a row (None: missing; intervals are pairs)."""

    name: str
    kind: Kind
    values: Sequence[Any]


@dataclass(frozen=True)
class Table:
    """A table of the page.

    Attributes:
        name: its name in the page, and of the CSV file that a reader saves.
        title: what it holds.
        fields: its columns; those without any value are left out.
        folded: whether it is opened only when asked for.
        left_out: rows for which the page has no room.
        prose: whether cells hold sentences, which may break.
    """

    name: str
    title: str
    fields: Sequence[Field]
    folded: bool = False
    left_out: int = 0
    prose: bool = False

    @property
    def rows(self) -> int:
        """How many rows it has."""
        return len(self.fields[0].values) if self.fields else 0

    def to_json(self) -> dict[str, Any]:
        """As the script reads it."""
        columns = [{"name": f.name, "kind": f.kind, "values": list(f.values)} for f in self.fields]
        return {"name": self.name, "columns": columns, "left_out": self.left_out, "prose": self.prose}


Get = str | Callable[[Entry], Any]


def table(
    name: str, title: str, entries: Sequence[Entry], columns: Sequence[tuple[str, Kind, Get]], **more: Any
) -> Table | None:
    """Rows from entries of the document: a heading, a kind and a key (or a function) a column. None without rows."""
    kept = entries[:MOST_ROWS]
    fields = [Field(head, kind, [_value(entry, get) for entry in kept]) for head, kind, get in columns]
    filled = [f for f in fields if any(v is not None for v in f.values)]
    if not kept or not filled:
        return None
    return Table(name, title, filled, left_out=len(entries) - len(kept), **more)


def _value(entry: Entry, get: Get) -> Any:
    return get(entry) if callable(get) else entry.get(get)


def settings_text(settings: Mapping[str, Any]) -> str:
    """`alpha 20, width 64`."""
    return ", ".join(f"{name} {value}" for name, value in settings.items() if value is not None)
