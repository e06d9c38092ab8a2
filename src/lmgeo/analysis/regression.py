"""Least squares of the target on one measure, alone and beside a factor."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from lmgeo.analysis.rows import LEAST_ROWS, is_constant, unusable
from lmgeo.core.arrays import Float, ndarray


@dataclass(frozen=True)
class Fit:
    """A fitted form of target ~ measure [+ by].

    Attributes:
        measure: the measure's name.
        by: the factor's name; None in the plain form.
        levels: the factor's levels in alphabetical order; the first is the reference.
        intercept, slope: coefficients.
        offsets: what each level adds to the intercept, 0 for the reference.
        r2: plain R² on the rows fitted.
        n: rows fitted.
        mean: the target's mean over them.
    """

    measure: str
    by: str | None
    levels: list[str]
    intercept: float
    slope: float
    offsets: dict[str, float]
    r2: float
    n: int
    mean: float

    def coefficients(self) -> dict[str, float]:
        """`intercept`, the measure's name, and `by[<level>]` for every level but the reference."""
        named = {f"{self.by}[{level}]": self.offsets[level] for level in self.levels[1:]}
        return {"intercept": self.intercept, self.measure: self.slope, **named}

    def predict(self, x: float, level: str | None) -> float | None:
        """The fitted value; None for a missing measure or a level that was not fitted."""
        if not np.isfinite(x) or (self.by is not None and level not in self.offsets):
            return None
        return self.intercept + self.slope * float(x) + (self.offsets[str(level)] if self.by is not None else 0.0)


def fit(name: str, x: ndarray, y: ndarray, by: str | None = None, levels: ndarray | None = None) -> Fit | str:
    """Fit one form by least squares, or the reason why it cannot be fitted.

    Args:
        name: the measure's name.
        x, y: measure and target, (n,), NaN where missing.
        by: the factor's name, or None for the plain form.
        levels: the factor's level of each row, empty where missing.
    """
    rows = np.isfinite(x) & np.isfinite(y)
    if levels is not None:
        rows &= levels != ""
    reason = unusable(x[rows], y[rows])
    if reason:
        return reason
    found = sorted(set(levels[rows])) if levels is not None else []
    dummies = [(levels[rows] == level).astype(np.float64) for level in found[1:]] if levels is not None else []
    if rows.sum() <= 2 + len(dummies):
        return f"{rows.sum()} complete rows for {2 + len(dummies)} coefficients; too few"
    return _least_squares(name, x[rows], y[rows], by, found, dummies)


def _least_squares(
    name: str, x: ndarray, y: ndarray, by: str | None, levels: list[str], dummies: list[ndarray]
) -> Fit | str:
    middle, scale = float(x.mean()), float(np.max(np.abs(x - x.mean())))
    design = np.column_stack([np.ones(len(x)), (x - middle) / scale, *dummies])  # scaled: no digits lost to a far mean
    solution, _, rank, _ = np.linalg.lstsq(design, y, rcond=1e-12)
    if rank < design.shape[1]:
        return f"the levels of {by!r} determine the measure"
    left = y - design @ solution
    slope = float(solution[1]) / scale
    offsets = dict(zip(levels, [0.0, *map(float, solution[2:])], strict=True)) if levels else {}
    r2 = 1.0 - float(left @ left) / float(np.sum((y - y.mean()) ** 2))
    return Fit(name, by, levels, float(solution[0]) - slope * middle, slope, offsets, r2, len(x), float(y.mean()))


def regressions(
    measures: Mapping[str, Float[ndarray, " n"]], target: Float[ndarray, " n"], by: str | None, levels: ndarray | None
) -> list[dict[str, Any]]:
    """Entries for target ~ measure, and with a factor of several levels target ~ measure + factor."""
    entries = []
    for name, x in measures.items():
        entries.append(_entry(name, None, fit(name, x, target)))
        if levels is not None:
            entries.append(_entry(name, by, fit(name, x, target, by, levels)))
    return entries


def finite(value: float) -> float | None:
    """A value that may have overflowed, as a document holds it."""
    return float(value) if np.isfinite(value) else None


def calibration(observed: Float[ndarray, " n"], predicted: Float[ndarray, " n"]) -> dict[str, float] | None:
    """Slope and intercept of what was observed on what was predicted: 1 and 0 where predictions are right.

    A slope under 1 says that predictions are too far apart. None with fewer than three predictions,
    or all of them equal.
    """
    if len(predicted) < LEAST_ROWS or is_constant(predicted):
        return None
    apart = predicted - predicted.mean()
    scale = float(np.max(np.abs(apart)))  # no square overflows
    slope = float(apart / scale @ (observed - observed.mean())) / float(apart / scale @ (apart / scale)) / scale
    return {"slope": slope, "intercept": float(observed.mean()) - slope * float(predicted.mean())}


def _entry(name: str, by: str | None, found: Fit | str) -> dict[str, Any]:
    entry: dict[str, Any] = {"measure": name, "by": by}
    if isinstance(found, str):
        return {**entry, "r2": None, "coefficients": {}, "reason": found}
    return {**entry, "n": found.n, "r2": found.r2, "coefficients": found.coefficients()}
