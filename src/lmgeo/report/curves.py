"""Score against a factor, such as the strength of noise: means with intervals per task."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np
from pandas.api import types

from lmgeo.analysis.columns import levels

if TYPE_CHECKING:
    import pandas as pd

AXES = ("alpha", "step", "tokens", "sequences")
_MOST_POINTS = 1500


def score_curves(table: pd.DataFrame, target: str) -> dict[str, Any] | None:
    """Means and points of every score along the first factor that varies; None without one.

    Intervals are 95 % for the mean under t, with one spread per base and task pooled over the
    factor's values: two or three noise seeds at a value are too few for a spread of their own.
    """
    axis = next((name for name in AXES if _varies(table, name)), None)
    if axis is None:
        return None
    scores = score_columns(table, target)
    groups = levels(table["base"]) if "base" in table.columns else np.full(len(table), "", dtype=object)
    means: list[dict[str, Any]] = []
    points: list[dict[str, Any]] = []
    for score in scores:
        for group in dict.fromkeys(groups):
            rows = table[(groups == group) & table[axis].notna() & table[score].notna()]
            means += _means(rows[axis].to_numpy(float), rows[score].to_numpy(float), score, group)
            points += _points(rows, axis, score, group)
    step = math.ceil(len(points) / _MOST_POINTS) or 1
    names = {score: short_score(score) for score in scores}
    return {
        "axis": axis,
        "scores": [names[s] for s in scores],
        "groups": list(dict.fromkeys(groups)),
        "means": [{**m, "score": names[m["score"]]} for m in means],
        "points": [{**p, "score": names[p["score"]]} for p in points[::step]],
        "intervals": any(m["low"] is not None for m in means),
    }


def score_columns(table: pd.DataFrame, target: str) -> list[str]:
    """The target first, then every task's score."""
    others = [
        name
        for name in table.columns
        if name.startswith("score.") and not name.endswith(".spread") and types.is_numeric_dtype(table[name])
    ]
    return list(dict.fromkeys([target, *others]))


def short_score(name: str) -> str:
    """`score.rte` is `rte`."""
    return name.removeprefix("score.")


def _varies(table: pd.DataFrame, name: str) -> bool:
    return name in table.columns and types.is_numeric_dtype(table[name]) and table[name].nunique() > 2


def _means(x: np.ndarray, y: np.ndarray, score: str, group: str) -> list[dict[str, Any]]:
    values = np.unique(x)
    cells = [y[x == value] for value in values]
    degrees = sum(len(cell) - 1 for cell in cells)
    spread = math.sqrt(sum(float(np.sum((cell - cell.mean()) ** 2)) for cell in cells) / degrees) if degrees else None
    return [
        _mean(float(v), cell, spread, degrees) | {"score": score, "group": group}
        for v, cell in zip(values, cells, strict=True)
    ]


def _mean(value: float, cell: np.ndarray, spread: float | None, degrees: int) -> dict[str, Any]:
    from scipy.special import stdtrit

    middle = float(cell.mean())
    half = float(stdtrit(degrees, 0.975)) * spread / math.sqrt(len(cell)) if spread is not None else None
    low, high = (None, None) if half is None else (middle - half, middle + half)
    return {"x": value, "mean": middle, "low": low, "high": high, "n": len(cell)}


def _points(rows: pd.DataFrame, axis: str, score: str, group: str) -> list[dict[str, Any]]:
    return [
        {"x": float(x), "y": float(y), "model": name, "score": score, "group": group}
        for x, y, name in zip(rows[axis], rows[score], model_names(rows), strict=True)
    ]


def model_names(rows: pd.DataFrame) -> list[str]:
    """`model`, or the row's number where there is none."""
    if "model" not in rows.columns:
        return [f"row {number}" for number in rows.index]
    return [str(name) for name in rows["model"]]


def axis_title(axis: str) -> str:
    """What the factor is, in words."""
    return {"alpha": "noise α (percent)"}.get(axis, axis)
