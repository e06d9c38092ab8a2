"""What each value of a choice does with everything else at its default: differences paired within models' shapes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from lmgeo.analysis.columns import CONFIGURATION, SEEDS, SETTINGS, TRAINING_CHOICES, is_number, levels
from lmgeo.analysis.data import SHAPES, Data
from lmgeo.analysis.runs import runs_of, step_column
from lmgeo.core.arrays import Float, ndarray

if TYPE_CHECKING:
    import pandas as pd

LEAST_PAIRS = 3  # fewer, and their spread says nothing
Change = tuple[tuple[str, Any], ...]  # (choice, value) of everything that is not at its default


@dataclass(frozen=True)
class _Axis:
    """A choice, or several that change together: its changes from low to high, the default (no change) among them."""

    choices: tuple[str, ...]
    changes: list[Change]
    default: tuple[Any, ...]

    def level(self, change: Change) -> Any:
        """The value in one column, or several in words."""
        values = [value for _, value in change] or list(self.default)
        return _plain(values[0]) if len(values) == 1 else ", ".join(str(_plain(value)) for value in values)


def level_means(data: Data) -> list[dict[str, Any]]:
    """One entry a choice and measure, the target's (`"target": true`) last: the course over the choice's values.

    The default of a choice is its most frequent value. At each other value stand the rows in which nothing else is off
    its default; they are set against the default's of the same shape (size, width, layers, heads …), means
    over seeds. `levels`: a value's `mean` over shapes, the mean `difference` from the default with its
    interval (t over the shapes), and `pairs`, how many shapes. `shape` is `U` or `inverse U` where both ends
    are on one side of a middle value, which is `turn`, each clear of zero (intervals widened for as many
    middle values as there are); else `rises` or `falls` where the ends differ; else None. In a suite, with a
    column `configuration`, choices that change together are one. [] without such choices, or for a table of steps.
    """
    step = step_column(data.table)
    if step is not None and runs_of(data.table, step):
        return []
    names = _choices(data.table)
    rows = _plain_runs(data.table, names)
    if not names or not rows.any():
        return []
    values = _values(data, rows)
    changes = _changes(data.table.loc[rows], names)
    means = values.groupby([_shapes(data.table.loc[rows]), changes]).mean()
    columns = [(name, f"measure {name}") for name in data.measures] + [(data.target_name, "target")]
    entries = []
    for column, key in columns:
        for axis in _axes(data.table.loc[rows], names, list(dict.fromkeys(changes)), CONFIGURATION in data.table):
            found = _course(means[key].unstack(), axis)
            entries.append({"measure": column, "choice": "+".join(axis.choices), **found})
            entries[-1] |= {"target": True} if key == "target" else {}
    return entries


def as_trained(table: pd.DataFrame) -> ndarray:
    """Which rows (n truth values) are models as they were trained: no perturbed copy, no untrained twin."""
    aside = [levels(table[name]) == "" for name in ("kind", "untrained") if name in table.columns]
    return np.logical_and.reduce([np.ones(len(table), dtype=bool), *aside])


def _plain_runs(table: pd.DataFrame, names: Sequence[str]) -> ndarray:
    """Runs as they were trained, none of a model that was trained elsewhere."""
    return as_trained(table) & table[[*names]].notna().any(axis=1).to_numpy()


def _choices(table: pd.DataFrame) -> list[str]:
    """Training choices that vary and are no part of a model's shape."""
    aside = {*SHAPES, *SEEDS, *SETTINGS}
    return [c for c in sorted(TRAINING_CHOICES - aside) if c in table.columns and len(set(levels(table[c]))) > 1]


def _values(data: Data, rows: ndarray) -> pd.DataFrame:
    import pandas as pd

    columns = {f"measure {name}": values[rows] for name, values in data.measures.items()}
    return pd.DataFrame({**columns, "target": data.target[rows]})


def _shapes(table: pd.DataFrame) -> ndarray:
    named = [levels(table[c]) for c in SHAPES if c in table.columns and c not in ("parameters", "body_parameters")]
    named = named or [levels(table[c]) for c in ("parameters",) if c in table.columns]
    return np.array(["|".join(key) for key in zip(*named, strict=True)] if named else [""] * len(table), dtype=object)


def _default(column: pd.Series[Any]) -> Any:
    """The most frequent value; of several, the first."""
    counts = column.value_counts(sort=False)
    return next(value for value in column.dropna() if counts[value] == counts.max())


def _changes(table: pd.DataFrame, names: Sequence[str]) -> ndarray:
    filled = [name for name in names if table[name].notna().any()]
    columns = {name: table[name].astype(object).where(table[name].notna(), None).to_list() for name in filled}
    defaults = {name: _default(table[name]) for name in columns}
    found = np.empty(len(table), dtype=object)
    for row in range(len(table)):
        found[row] = tuple((n, values[row]) for n, values in columns.items() if values[row] != defaults[n])
    return found


def _axes(table: pd.DataFrame, names: Sequence[str], changes: Sequence[Change], together: bool) -> list[_Axis]:
    by_choice: dict[tuple[str, ...], list[Change]] = {}
    for change in changes:
        if len(change) == 1 or (change and together):
            by_choice.setdefault(tuple(name for name, _ in change), []).append(change)
    axes = []
    for choices, own in by_choice.items():
        default = tuple(_default(table[name]) for name in choices)
        numeric = is_number(table[choices[0]])
        ordered = sorted([(), *own], key=lambda c: _place(c[0][1] if c else default[0]) if numeric else (len(c), 0.0))
        axes.append(_Axis(choices, ordered, default))
    return axes


def _place(value: Any) -> tuple[int, float]:
    """Where a number stands among others; a run that was not told the choice stands first."""
    return (0, 0.0) if value is None else (1, float(value))


def _course(of_shapes: pd.DataFrame, axis: _Axis) -> dict[str, Any]:
    """Of one column: shapes down, changes across."""
    if () not in of_shapes.columns:
        return {
            "default": axis.level(()),
            "levels": [],
            "shape": None,
            "turn": None,
            "reason": "no row has the default",
        }
    found = []
    for change in axis.changes:
        pair = of_shapes[[(), change]].dropna() if change else of_shapes[[()]].dropna()
        own = {"level": axis.level(change), "pairs": len(pair), "mean": _mean(pair[change])}
        found.append({**own, **(_difference((pair[change] - pair[()]).to_numpy()) if change else _SAME)})
    whole = of_shapes[axis.changes].dropna().to_numpy(dtype=np.float64)
    numeric = all(isinstance(value, (int, float, np.number)) and not isinstance(value, bool) for value in axis.default)
    return {"default": axis.level(()), "levels": found, **(_form(whole, found) if numeric else _FORMLESS)}


_SAME: dict[str, Any] = {"difference": 0.0, "ci": None}
_FORMLESS: dict[str, Any] = {"shape": None, "turn": None}


def _difference(pairs: Float[ndarray, " s"]) -> dict[str, Any]:
    if not len(pairs):
        return {"difference": None, "ci": None, "reason": "no shape has both the value and the default"}
    reason = {"reason": f"{len(pairs)} shapes; an interval needs {LEAST_PAIRS}"} if len(pairs) < LEAST_PAIRS else {}
    return {"difference": float(pairs.mean()), "ci": interval_of_mean(pairs, 0.05), **reason}


def _form(values: Float[ndarray, "s l"], found: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Which way the course goes over the values from low to high, by shapes that have all of them."""
    inner = range(1, values.shape[1] - 1)
    turns = []
    for at in inner:
        ends = [interval_of_mean(values[:, end] - values[:, at], 0.05 / len(inner)) for end in (0, -1)]
        for sign, name in ((1.0, "U"), (-1.0, "inverse U")):
            clear = [min(sign * bound for bound in end) if end else -np.inf for end in ends]
            turns.append((min(clear), name, found[at]["level"]))
    best = max(turns, key=lambda turn: turn[0], default=(-np.inf, "", None))
    if best[0] > 0:
        return {"shape": best[1], "turn": best[2]}
    whole = interval_of_mean(values[:, -1] - values[:, 0], 0.05)
    way = "rises" if whole and whole[0] > 0 else "falls" if whole and whole[1] < 0 else None
    return {"shape": way, "turn": None}


def interval_of_mean(pairs: Float[ndarray, " s"], level: float) -> list[float] | None:
    """The t interval of a mean of differences; None of fewer than `LEAST_PAIRS`."""
    from scipy.special import stdtrit

    if len(pairs) < LEAST_PAIRS:
        return None
    reach = float(stdtrit(len(pairs) - 1, 1 - level / 2) * pairs.std(ddof=1) / np.sqrt(len(pairs)))
    return [float(pairs.mean()) - reach, float(pairs.mean()) + reach]


def _mean(values: pd.Series[Any]) -> float | None:
    return float(values.mean()) if len(values) else None


def _plain(value: Any) -> Any:
    return value.item() if isinstance(value, np.generic) else value
