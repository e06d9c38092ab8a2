"""Models that break the rule a measure seems to follow."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from lmgeo.analysis.columns import FACTORS, SEEDS, is_number
from lmgeo.analysis.correlation import benjamini_hochberg, p_value, pearson, standardised
from lmgeo.analysis.data import Data
from lmgeo.analysis.direction import lower_is_better
from lmgeo.analysis.holdout import row_keys
from lmgeo.analysis.rows import unusable
from lmgeo.core.arrays import Bool, Float, ndarray

if TYPE_CHECKING:
    import pandas as pd

MOST = 200  # entries in all
MOST_OF_ONE = 5  # entries of one measure
_FAR = 2.0  # residual, in its standard errors
_FIFTH = 0.2
_LEAST_ROWS = 8
_FOUND_AT = 0.05  # q at which a relation counts as a rule


def counterexamples(data: Data) -> list[dict[str, Any]]:
    """The rows furthest on the wrong side of each rule, strongest first, at most five a measure.

    A rule is a measure whose Pearson correlation with the target has q ≤ 0.05; what it predicts is
    least squares of the target on the measure. `z` is the residual over its standard error from a
    fit without the row (externally studentised). A row breaks the rule if it is on the side the
    relation denies (with a positive one: low and better than predicted, or high and worse), and
    either |z| ≥ 2 or both values are in opposite outer fifths. Low and high are below and above
    the measure's median; good means better than predicted: higher, or lower for a loss. `settings` are
    the model's factors that vary in the table.
    """
    rules = _rules(data)
    if not rules:
        return []
    each = max(1, min(MOST_OF_ONE, MOST // len(rules)))
    if len(rules) > MOST:
        rules = dict(sorted(rules.items(), key=lambda rule: -abs(rule[1]))[:MOST])
    names, factors = row_keys(data.table), _varying(data)
    better = -1.0 if lower_is_better(data.target_name) else 1.0
    entries = []
    for measure in (name for name in data.measures if name in rules):
        broken = _broken(data.measures[measure], data.target, better)
        for row in broken.strongest(each):
            described = {"measure": measure, "model": names[row], **broken.described(row)}
            entries.append({**described, "settings": _settings(data.table, factors, row)})
    return entries


def _rules(data: Data) -> dict[str, float]:
    """Correlation of each measure that is related to the target beyond chance."""
    found: dict[str, float] = {}
    p: list[float] = []
    for name, x in data.measures.items():
        rows = np.isfinite(x) & np.isfinite(data.target)
        if unusable(x[rows], data.target[rows]) is None:
            found[name] = pearson(x[rows], data.target[rows])
            p.append(p_value(found[name], int(rows.sum()) - 2) if rows.sum() >= _LEAST_ROWS else 1.0)
    related = {name for name, q in zip(found, benjamini_hochberg(p), strict=True) if q <= _FOUND_AT}
    return {name: r for name, r in found.items() if name in related}


@dataclass(frozen=True)
class _Broken:
    """One rule set against every row; NaN where a row lacks a value.

    Attributes:
        x, y: measure and target, (n,).
        predicted: from the measure, (n,).
        z: studentised residuals, (n,).
        high: whether the measure is above its median, (n,).
        good: whether the target is better than predicted, (n,).
        breaks: the rows that break the rule, (n,).
    """

    x: Float[ndarray, " n"]
    y: Float[ndarray, " n"]
    predicted: Float[ndarray, " n"]
    z: Float[ndarray, " n"]
    high: Bool[ndarray, " n"]
    good: Bool[ndarray, " n"]
    breaks: Bool[ndarray, " n"]

    def strongest(self, most: int) -> list[int]:
        """Rows that break the rule, furthest first."""
        rows = np.flatnonzero(self.breaks)
        return [int(row) for row in rows[np.argsort(-np.abs(self.z[rows]), kind="stable")][:most]]

    def described(self, row: int) -> dict[str, Any]:
        """Values of one row as the document has them."""
        kind = f"{'high' if self.high[row] else 'low'} and {'good' if self.good[row] else 'bad'}"
        values = {"value": self.x, "target": self.y, "predicted": self.predicted}
        plain = {name: float(of_rows[row]) for name, of_rows in values.items()}
        return {**plain, "residual": float(self.y[row] - self.predicted[row]), "z": float(self.z[row]), "kind": kind}


def _broken(x: Float[ndarray, " n"], y: Float[ndarray, " n"], better: float) -> _Broken:
    rows = np.isfinite(x) & np.isfinite(y)
    predicted, z = np.full_like(y, np.nan), np.full_like(y, np.nan)
    slope, predicted[rows], z[rows] = _studentised(x[rows], y[rows])
    high, good = x > np.median(x[rows]), z * better > 0.0
    rises = slope * better > 0.0  # whether more of the measure goes with better
    denied = (good != high) if rises else (good == high)
    outer = _outer(x, x[rows]) * _outer(y, y[rows]) * (1.0 if slope > 0.0 else -1.0) < 0.0
    breaks = rows & denied & ((np.abs(z) >= _FAR) | outer)
    return _Broken(x, y, predicted, z, high, good, breaks)


def _outer(values: Float[ndarray, " n"], present: Float[ndarray, " r"]) -> Float[ndarray, " n"]:
    """−1 in the lowest fifth, 1 in the highest, else 0; 0 everywhere where ties leave no fifths."""
    low, high = np.quantile(present, [_FIFTH, 1.0 - _FIFTH])
    return np.where(values <= low, -1.0, np.where(values >= high, 1.0, 0.0)) * (low < high)


def _studentised(x: Float[ndarray, " n"], y: Float[ndarray, " n"]) -> tuple[float, ndarray, ndarray]:
    """Sign of least squares' slope, fitted values, and externally studentised residuals (0 for an exact fit)."""
    n = len(x)
    a, b = standardised(x), standardised(y)
    slope = float(a @ b) / n
    left = b - slope * a
    free = np.maximum(1.0 - (1.0 + a**2) / n, 1e-12)
    without = np.maximum(float(left @ left) - left**2 / free, 0.0) / (n - 3)
    z = np.where(without > 1e-24, left / np.sqrt(np.maximum(without, 1e-24) * free), 0.0)
    far = int(np.argmax(np.abs(b)))
    scale = (float(y[far]) - float(y.mean())) / float(b[far])
    return slope, y.mean() + slope * scale * a, z


def _varying(data: Data) -> list[str]:
    """Columns that tell the models apart: factors, seeds and choices with more than one value."""
    named = [*([data.by.name] if data.by else []), *FACTORS, *data.choices, *SEEDS]
    present = [name for name in dict.fromkeys(named) if name in data.table.columns and name != data.target_name]
    return [name for name in present if data.table[name].nunique(dropna=False) > 1]


def _settings(table: pd.DataFrame, factors: Sequence[str], row: int) -> dict[str, Any]:
    """One model's factors; what it lacks is left out."""
    found: dict[str, Any] = {}
    for name in factors:
        if table[name].isna().iloc[row]:
            continue
        value = table[name].iloc[row]
        number = float(value) if is_number(table[name]) else None
        if number is None or np.isfinite(number):
            found[name] = str(value) if number is None else int(number) if number.is_integer() else number
    return found
