"""Numbers and lists as a reader wants them."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

MINUS = "−"
NOTHING = "–"


@dataclass(frozen=True)
class Caveat:
    """Something to know before believing a figure, and the sections of the page that it bears on."""

    head: str
    text: str
    sections: tuple[str, ...] = ()


def grouped(pairs: Iterable[tuple[str, str]]) -> dict[str, list[str]]:
    """The second parts by the first, in order of appearance."""
    found: dict[str, list[str]] = {}
    for key, value in pairs:
        found.setdefault(key, []).append(value)
    return found


def coefficient(value: float | None) -> str:
    """A correlation or R² with two decimals."""
    return NOTHING if value is None else f"{value:.2f}".replace("-", MINUS).replace(f"{MINUS}0.00", "0.00")


def interval(bounds: Sequence[float] | None) -> str:
    """`0.87 to 0.93`."""
    return NOTHING if bounds is None else f"{coefficient(bounds[0])} to {coefficient(bounds[1])}"


def probability(value: float | None) -> str:
    """A p or q value, with three decimals down to 0.001."""
    if value is None:
        return NOTHING
    return "< 0.001" if value < 0.001 else f"{value:.3f}"


def number(value: Any) -> str:
    """Any number with four significant digits; text as it is."""
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return ""
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return str(value)
    if float(value).is_integer() and abs(value) < 1e15:
        return f"{int(value):,}".replace("-", MINUS) if abs(value) >= 10_000 else str(int(value)).replace("-", MINUS)
    return f"{value:.4g}".replace("-", MINUS)


def aligned(values: Sequence[float]) -> list[str]:
    """A column of numbers with as many decimals each as give the largest four digits; NaN is empty."""
    sizes = [abs(v) for v in values if math.isfinite(v)]
    largest = max(sizes, default=0.0)
    if all(float(size).is_integer() for size in sizes) or not 1e-4 < largest < 1e6:
        return [number(v) if math.isfinite(v) else "" for v in values]
    decimals = min(7, max(0, 3 - math.floor(math.log10(largest))))
    return [f"{v:.{decimals}f}".replace("-", MINUS) if math.isfinite(v) else "" for v in values]


def count(n: int, singular: str, plural: str | None = None) -> str:
    """`1 model`, `3 models`."""
    return f"{n:,} {singular if n == 1 else plural or singular + 's'}"


def listed(items: Sequence[str], most: int = 8) -> str:
    """`a, b, c` with the middle left out where there are many."""
    if len(items) <= most:
        return ", ".join(items)
    return f"{', '.join(items[: most - 2])}, … {items[-1]} ({len(items)})"


def readable(value: Any) -> str:
    """Any plain value in a line: `corpus pydocs · tokens all` for a mapping, commas for a list."""
    if isinstance(value, Mapping):
        return " · ".join(f"{key} {readable(item)}" for key, item in value.items() if item is not None)
    if isinstance(value, (list, tuple)):
        return listed([readable(item) for item in value], most=14)
    return number(value)


def duration(seconds: float) -> str:
    """`12 s`, `3 min 20 s`, `2 h 5 min`."""
    whole = round(seconds)
    if whole < 1:
        return "under 1 s"
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60} s" if whole % 60 else f"{whole // 60} min"
    return f"{whole // 3600} h {whole % 3600 // 60} min"
