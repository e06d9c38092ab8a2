"""Does what was learnt on some families, bases or sizes hold on one that was not there?

Every level of a factor is predicted from fits on all the other levels: by their mean target, by the
training choices alone (a baseline that knows no geometry), by one measure, and by both.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from lmgeo.analysis.choices import Choice, read_choices, used
from lmgeo.analysis.columns import levels
from lmgeo.analysis.data import Data
from lmgeo.analysis.one_thread import one_thread
from lmgeo.analysis.regression import calibration, finite
from lmgeo.analysis.rows import alike, is_constant
from lmgeo.core.arrays import Bool, Float, Int, ndarray
from lmgeo.numerics.level_folds import LevelFolds
from lmgeo.numerics.sweeps import unit_columns

LEAST_LEVELS = 3
MOST_LEVELS = 50
_FAMILIES = ("family", "base")


def transfer(data: Data) -> list[dict[str, Any]]:
    """Entries a factor (`by`, family, base and model size, where they have 3 to 50 levels) and form.

    Forms are `mean`, `choices` (where there are any), and a measure `measure` and
    `choices + measure`. Errors are over all rows, each predicted without its own level; `r2` is one
    minus `mse` over that of the training mean; `calibration` is the slope and intercept of what was
    observed on what was predicted; `coverage` the share of rows inside their 95 % prediction
    interval; `bias` the mean of predicted less observed. [] without such a factor.
    """
    with one_thread():
        return [entry for name, of_rows in _factors(data) for entry in _of_factor(data, name, of_rows)]


def _factors(data: Data) -> Iterator[tuple[str, ndarray]]:
    """Names and levels of the factors whose levels are left out, each partition of the rows once."""
    named = [data.by.name] if data.by else []
    seen = set()
    for name in dict.fromkeys([*named, *_FAMILIES, *([data.size] if data.size else [])]):
        if name not in data.table.columns or name == data.target_name:
            continue
        of_rows = levels(data.table[name])
        known, codes = np.unique(of_rows[of_rows != ""].astype(str), return_inverse=True)
        partition = ((of_rows != "").tobytes(), tuple(np.unique(codes, return_index=True)[1][codes]))
        if LEAST_LEVELS <= len(known) <= MOST_LEVELS and partition not in seen:
            seen.add(partition)
            yield name, of_rows


def _of_factor(data: Data, by: str, of_rows: ndarray) -> Iterator[dict[str, Any]]:
    choices, complete = used(read_choices(data, without=by))
    usable = np.isfinite(data.target) & (of_rows != "")
    if choices and (usable & complete).sum() * 2 < usable.sum():
        choices = []  # too many rows lack one of them
    if choices:
        usable = usable & complete
    whole = _Rows.of(data, of_rows, usable, choices)
    yield _entry(whole, None, by, "mean")
    if choices:
        yield _entry(whole, None, by, "choices")
    found: dict[str, list[dict[str, Any]]] = {}
    for names, rows in alike(data.measures, usable):
        part = _Rows.of(data, of_rows, rows, choices)
        forms = ("measure", "choices + measure") if choices else ("measure",)
        for name in names:
            found[name] = [_entry(part, name, by, form, data.measures[name]) for form in forms]
    yield from (entry for name in data.measures for entry in found[name])


@dataclass(frozen=True)
class _Rows:
    """The rows of one fit, in the order of their levels, ready to predict each level from the others.

    Attributes:
        rows: rows of the table.
        names: the levels.
        labels: the level of each row, ascending.
        y: the target, standardised.
        middle, scale: its mean and spread.
        alone: the design without choices.
        beside: the design with them; None: there are none.
    """

    rows: Int[ndarray, " n"]
    names: list[str]
    labels: Int[ndarray, " n"]
    y: Float[ndarray, " n"]
    middle: float
    scale: float
    alone: LevelFolds
    beside: LevelFolds | None

    @classmethod
    def of(cls, data: Data, of_rows: ndarray, usable: Bool[ndarray, " n"], choices: Sequence[Choice]) -> _Rows | str:
        """The rows of a fit, or why nothing can be predicted."""
        rows = np.flatnonzero(usable)
        names = sorted(set(of_rows[rows]), key=_by_number)
        if len(names) < LEAST_LEVELS:
            return f"{len(names)} levels with a value; at least {LEAST_LEVELS} are needed"
        codes = np.array([names.index(level) for level in of_rows[rows]], dtype=np.int64)
        order = np.argsort(codes, kind="stable")
        rows, labels = rows[order], codes[order]
        y, middle, scale = _standardised(data.target[rows])
        if not y.any():
            return "the target is constant"
        alone = LevelFolds.of(np.empty((len(rows), 0)), labels, np.empty((len(names), 0), dtype=bool))
        beside = _with_choices(choices, rows, labels) if choices else None
        return cls(rows, names, labels, y, middle, scale, alone, beside)

    def errors(self, form: str, values: ndarray | None) -> dict[str, Any]:
        """How well one form predicts."""
        from scipy.special import stdtrit

        x = None if values is None else _standardised(values[self.rows])[0]
        if x is not None and not x.any():
            return {**_NOTHING, "reason": "the measure is constant"}
        folds = self.beside if form.startswith("choices") and self.beside else self.alone
        found = folds.predict(self.y, x)
        sound = np.isfinite(found.values)
        if not sound.any():
            return {**_NOTHING, "reason": "too few rows to train on"}
        wrong = found.values - self.y
        error, of_mean = float(np.mean(wrong[sound] ** 2)), float(np.mean((found.mean - self.y)[sound] ** 2))
        reach = stdtrit(np.maximum(found.freedom, 1), 0.975) * found.spread
        observed, predicted = (v[sound] * self.scale + self.middle for v in (self.y, found.values))
        parts = [(name, wrong[sound & (self.labels == i)]) for i, name in enumerate(self.names)]
        return {
            "n": int(sound.sum()),
            "mse": finite(error * self.scale * self.scale),
            "r2": 1.0 - error / of_mean if of_mean > 0.0 else None,
            "calibration": calibration(observed, predicted) if form != "mean" else None,
            "coverage": float(np.mean(np.abs(wrong[sound]) <= reach[sound])),
            "by_level": [_level(name, part, self.scale) for name, part in parts],
        }


_NOTHING: dict[str, Any] = {"mse": None, "r2": None, "calibration": None, "coverage": None, "by_level": []}


def _entry(rows: _Rows | str, measure: str | None, by: str, form: str, values: ndarray | None = None) -> dict[str, Any]:
    head: dict[str, Any] = {"measure": measure, "by": by, "form": form}
    if isinstance(rows, str):
        return {**head, "n": 0, "levels": 0, **_NOTHING, "reason": rows}
    return {**head, "n": len(rows.rows), "levels": len(rows.names), **rows.errors(form, values)}


def _by_number(level: str) -> tuple[float, str]:
    """Sizes in the order of their numbers, names in alphabetical order."""
    try:
        return float(level), level
    except ValueError:
        return float("inf"), level


def _level(name: str, wrong: Float[ndarray, " n"], scale: float) -> dict[str, Any]:
    if len(wrong) == 0:
        return {"level": name, "n": 0, "mse": None, "bias": None}
    mse = finite(float(np.mean(wrong**2)) * scale * scale)
    return {"level": name, "n": len(wrong), "mse": mse, "bias": float(wrong.mean()) * scale}


def _standardised(values: Float[ndarray, " n"]) -> tuple[Float[ndarray, " n"], float, float]:
    """Values with mean 0 and variance 1, then their mean and spread; zeros where they are constant."""
    if is_constant(values):
        return np.zeros_like(values), float(values[0]), 1.0
    unit = unit_columns(values[:, None])[:, 0] * np.sqrt(len(values))
    far = int(np.argmax(np.abs(unit)))
    middle = float(values.mean())
    return unit, middle, (float(values[far]) - middle) / float(unit[far])


def _with_choices(choices: Sequence[Choice], rows: Int[ndarray, " n"], labels: Int[ndarray, " n"]) -> LevelFolds:
    """The design of the choices; text of which a level has a value unseen elsewhere is left out for that level."""
    columns = np.column_stack([choice.columns[rows] for choice in choices])
    known = np.column_stack([np.repeat(_known(c, rows, labels)[:, None], c.width, axis=1) for c in choices])
    return LevelFolds.of(unit_columns(columns) * np.sqrt(len(rows)), labels, known)


def _known(choice: Choice, rows: Int[ndarray, " n"], labels: Int[ndarray, " n"]) -> Bool[ndarray, " l"]:
    counts = np.zeros((int(labels.max()) + 1, len(choice.levels) or 1))
    np.add.at(counts, (labels, choice.codes[rows]), 1.0)
    unseen = (counts > 0) & (counts.sum(axis=0) == counts)
    return ~unseen.any(axis=1) if choice.levels else np.ones(len(counts), dtype=bool)
