"""Measures that have values on the same rows are worked on together, sharing their resamples."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np

from lmgeo.core.arrays import Bool, Float, ndarray

LEAST_ROWS = 3
_FLAT = 1e-13  # spread over size below which rounding alone makes a column vary


def alike(
    measures: Mapping[str, Float[ndarray, " n"]], usable: Bool[ndarray, " n"]
) -> Iterator[tuple[list[str], Bool[ndarray, " n"]]]:
    """Groups of measures with the rows on which each of the group has a value and `usable` holds."""
    groups: dict[bytes, list[str]] = {}
    for name, values in measures.items():
        groups.setdefault((np.isfinite(values) & usable).tobytes(), []).append(name)
    for mask, names in groups.items():
        yield names, np.frombuffer(mask, dtype=bool)


def unusable(x: Float[ndarray, " n"], y: Float[ndarray, " n"]) -> str | None:
    """Why two columns have no correlation, or None where they have one."""
    if len(x) < LEAST_ROWS:
        return f"{len(x)} complete rows; at least {LEAST_ROWS} are needed"
    if is_constant(x):
        return "the measure is constant"
    return "the target is constant" if is_constant(y) else None


def is_constant(values: Float[ndarray, " n"]) -> bool:
    """Whether a column is constant but for rounding."""
    low, high = np.min(values) / 2.0, np.max(values) / 2.0  # halves: no difference overflows
    return bool(high - low <= _FLAT * max(-low, high))


def joined(*reasons: str | None) -> str | None:
    """Several reasons in one line; None where there is none."""
    return "; ".join(filter(None, reasons)) or None
