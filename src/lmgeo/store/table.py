"""The tidy table: one row a model under one measurement setting, from the plan and the results."""

from __future__ import annotations

import statistics
from typing import TYPE_CHECKING, Any

from lmgeo.store.store import Store

if TYPE_CHECKING:
    import pandas as pd


_UNSAID = {"sampling": "uniform"}  # what a plan means that does not name the setting


def wide_table(store: Store) -> pd.DataFrame:
    """Every row of every plan in the store.

    Returns:
        Columns `model`, the factors, `<object>.<measure>` (and `.spread`), `score.<task>`
        (and `.spread` over fine-tuning seeds), `score.average`. Missing values are NaN.
        `attrs["measures"]` lists the columns recorded as measures.
    """
    import pandas as pd

    results = store.results()
    rows = _plan_rows(store)
    measures = dict.fromkeys(column for row in rows for column in row["measures"])
    table = pd.DataFrame([_flat(row, results) for row in rows])
    table = table[_ordered(list(table.columns))] if rows else table
    table.attrs["measures"] = [name for name in measures if name in table.columns]
    # a measure without any value comes as a column of None, which is no column of numbers
    return table.astype(dict.fromkeys(table.attrs["measures"], "float64"))


def _plan_rows(store: Store) -> list[dict[str, Any]]:
    """The rows of every plan, as the table has them."""
    return _merged(_said([row for plan in store.documents("plans") for row in plan["rows"]]))


def _said(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Rows in which a setting that only some plans name stands in all of them."""
    for name, value in _UNSAID.items():
        if any(name in row["factors"] for row in rows):
            rows = [{**row, "factors": {**row["factors"], name: row["factors"].get(name, value)}} for row in rows]
    return rows


def _merged(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Rows of several studies: the same model under the same settings is one row, under others it says which."""
    found: dict[str, dict[str, Any]] = {}
    for row in rows:
        name = row["model"]
        other = found.get(name)
        if other and other["factors"] != row["factors"]:
            unlike = {k: v for k, v in row["factors"].items() if other["factors"].get(k) != v}
            name += "".join(f"|{k}={v}" for k, v in unlike.items())
            other = found.get(name)
        joined = {part: {**(other[part] if other else {}), **row[part]} for part in ("measures", "scores")}
        found[name] = {**row, **joined, "model": name}
    return list(found.values())


def _flat(row: dict[str, Any], results: dict[str, dict[str, Any]]) -> dict[str, Any]:
    flat = {"model": row["model"], **row["factors"]}
    for column, key in row["measures"].items():
        found = results.get(key, {}).get("measurement", {})
        flat[column] = found.get("value")
        if found.get("spread") is not None:
            flat[f"{column}.spread"] = found["spread"]
    return {**flat, **_scores(row["scores"], results)}


def _scores(wanted: dict[str, list[str]], results: dict[str, dict[str, Any]]) -> dict[str, Any]:
    """Mean over fine-tuning seeds of each task, and the plain mean of the tasks; missing if any is."""
    if not wanted:
        return {}
    by_task = {task: [_score(results.get(key)) for key in keys] for task, keys in wanted.items()}
    flat: dict[str, Any] = {}
    for task, scores in by_task.items():
        whole = [s for s in scores if s is not None]
        flat[f"score.{task}"] = statistics.fmean(whole) if len(whole) == len(scores) else None
        if len(whole) == len(scores) > 1:
            flat[f"score.{task}.spread"] = statistics.stdev(whole)
    means = [flat[f"score.{task}"] for task in by_task]
    flat["score.average"] = None if None in means else statistics.fmean(means)
    flat.update(_average_spread(list(by_task.values())))
    return flat


def _average_spread(scores: list[list[float | None]]) -> dict[str, float]:
    """Spread of the average over seeds: of the averages of each seed's scores."""
    by_seed = [[s for s in seed if s is not None] for seed in zip(*scores, strict=True)]
    if len(by_seed) < 2 or any(len(seed) < len(scores) for seed in by_seed):
        return {}
    return {"score.average.spread": statistics.stdev(statistics.fmean(seed) for seed in by_seed)}


def _score(result: dict[str, Any] | None) -> float | None:
    return None if result is None else result["score"]["score"]


def _ordered(columns: list[str]) -> list[str]:
    """Factors first as they came, then measures, scores last; each with its spread behind it."""
    scores = [c for c in columns if c.startswith("score.")]
    measures = [c for c in columns if "." in c and c not in scores]
    factors = [c for c in columns if c not in scores and c not in measures]
    return [*factors, *_with_spreads(measures), *_with_spreads(scores)]


def _with_spreads(columns: list[str]) -> list[str]:
    plain = [c for c in columns if not c.endswith(".spread")]
    return [c for name in plain for c in (name, f"{name}.spread") if c in columns]


def value_keys(store: Store) -> dict[str, dict[str, list[str]]]:
    """By model and column, the content keys of the results that a row's values are made of.

    A score over several fine-tuning seeds has a key for each. What the store lacks is left out by
    whoever asks: the keys are those of the plans.
    """
    return {
        row["model"]: {
            **{column: [key] for column, key in row["measures"].items()},
            **{f"score.{task}": list(keys) for task, keys in row["scores"].items()},
        }
        for row in _plan_rows(store)
    }
