"""Numbers and names as short JSON that is safe inside a page."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from typing import Any

from lmgeo.report.models import Column, Models

_DIGITS = 6


def safe_json(value: Any, digits: int = _DIGITS) -> str:
    """JSON that can stand inside a `<script>` element whatever text it holds; numbers rounded to `digits`."""
    return _escaped(_rounded(value, digits))


def packed_models(models: Models, origins: Mapping[str, Any] | None, source: str) -> str:
    """The models as JSON: constants once, few levels by number, numbers as short as the page's size asks.

    Args:
        models: the rows drawn and listed.
        origins: where their values came from.
        source: the table's name.
    """
    return _escaped(
        {
            "names": models.names,
            "rows": None if models.rows == list(range(1, len(models.rows) + 1)) else models.rows,
            "digits": models.digits,
            "left_out": models.left_out,
            "columns": [_packed(column, models.digits) for column in models.columns],
            "origins": origins,
            "source": source,
        }
    )


def _packed(column: Column, digits: int | None) -> dict[str, Any]:
    head = {"name": column.name, "role": column.role, "number": column.is_number}
    levels = column.levels
    if len(levels) <= 1 and None not in column.values:
        return {**head, "constant": _short(levels[0] if levels else None, digits)}
    if not column.is_number and len(levels) * 2 <= len(column.values):
        place = {level: i for i, level in enumerate(levels)} | {None: -1}
        return {**head, "levels": levels, "codes": [place[v] for v in column.values]}
    return {**head, "values": [_short(v, digits) for v in column.values]}


def _escaped(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=True, allow_nan=False, separators=(",", ":"))
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")


def _short(value: Any, digits: int | None) -> Any:
    """A number with so many digits, whole where it is whole."""
    if not isinstance(value, float):
        return value
    if not math.isfinite(value):
        return None
    short = value if digits is None else float(f"{value:.{digits}g}")
    return int(short) if short.is_integer() and abs(short) < 2**53 else short


def _rounded(value: Any, digits: int) -> Any:
    if isinstance(value, float):
        return _short(value, digits)
    if isinstance(value, Mapping):
        return {str(k): _rounded(v, digits) for k, v in value.items()}
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [_rounded(v, digits) for v in value]
    return value
