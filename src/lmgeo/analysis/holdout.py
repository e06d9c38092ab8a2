"""Fits on one table set against models of another."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from lmgeo.analysis.columns import counterpart, levels, numbers
from lmgeo.analysis.regression import Fit, calibration, finite, fit
from lmgeo.core.arrays import Float, ndarray

if TYPE_CHECKING:
    import pandas as pd


def holdouts(
    measures: Mapping[str, Float[ndarray, " n"]],
    target: tuple[str, Float[ndarray, " n"]],
    by: tuple[str, ndarray] | None,
    held: pd.DataFrame,
) -> list[dict[str, Any]]:
    """Entries per measure and form: squared error and predictions for every hold-out row.

    `mse` is the mean over rows with a prediction and a target, None without any; `scored` is
    their number, `baseline_mse` the squared error of the fitted rows' mean target on them, and
    `calibration` slope and intercept of the targets on the predictions. `unseen` is the number of
    rows whose level of the factor was not fitted.

    Args:
        measures: values of the table that is fitted.
        target: its name and values.
        by: a factor's name and its level in each row.
        held: the hold-out table; its index names the rows that have no unique `model`.
    """
    name, y = target
    truth = _column(held, name)
    entries = []
    for measure, x in measures.items():
        forms: list[tuple[str, ndarray] | None] = [None, by] if by else [None]
        values = _column(held, measure)
        for form in forms:
            entries.append(_entry(measure, fit(measure, x, y, *(form or (None, None))), values, truth, form, held))
    return entries


def row_keys(held: pd.DataFrame) -> list[str]:
    """`model` where it is there and unique, else the row's number in its file, counted from 0."""
    if "model" in held.columns and held["model"].notna().all() and not held["model"].duplicated().any():
        return [str(name) for name in held["model"]]
    return [str(number) for number in held.index]


def _column(held: pd.DataFrame, name: str) -> ndarray | None:
    found = counterpart(name, [str(c) for c in held.columns])
    return numbers(held, found) if found is not None else None


def _entry(
    measure: str,
    found: Fit | str,
    values: ndarray | None,
    truth: ndarray | None,
    form: tuple[str, ndarray] | None,
    held: pd.DataFrame,
) -> dict[str, Any]:
    entry: dict[str, Any] = {"measure": measure, "by": form[0] if form else None}
    reason = _obstacle(found, values, form, held)
    if reason or isinstance(found, str) or values is None:
        return {**entry, **_scored([], None, 0.0), "predictions": {}, "unseen": 0, "reason": reason}
    of_rows = levels(held[counterpart(form[0], list(held.columns))]) if form else [None] * len(held)
    predicted = [found.predict(x, level) for x, level in zip(values, of_rows, strict=True)]
    return {
        **entry,
        **_scored(predicted, truth, found.mean),
        "predictions": dict(zip(row_keys(held), predicted, strict=True)),
        "unseen": sum(level not in found.offsets for level in of_rows) if form else 0,
    }


def _obstacle(
    found: Fit | str, values: ndarray | None, form: tuple[str, ndarray] | None, held: pd.DataFrame
) -> str | None:
    if isinstance(found, str):
        return found
    if values is None:
        return "the hold-out table lacks the measure"
    if form and counterpart(form[0], [str(c) for c in held.columns]) is None:
        return f"the hold-out table lacks {form[0]!r}"
    return None


def _scored(predicted: list[float | None], truth: ndarray | None, mean: float) -> dict[str, Any]:
    """Errors and calibration over the rows that have a prediction and a target."""
    targets = [] if truth is None else [float(t) for t in truth]
    pairs = [(p, t) for p, t in zip(predicted, targets, strict=bool(targets)) if p is not None and np.isfinite(t)]
    if not pairs:
        return {"mse": None, "baseline_mse": None, "calibration": None, "scored": 0}
    of_fit, observed = (np.array(part) for part in zip(*pairs, strict=True))
    with np.errstate(over="ignore"):
        error, baseline = (float(np.mean((guess - observed) ** 2)) for guess in (of_fit, mean))
    return {
        "mse": finite(error),
        "baseline_mse": finite(baseline),
        "calibration": calibration(observed, of_fit),
        "scored": len(pairs),
    }
