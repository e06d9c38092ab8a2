"""The tidy table: one row a model under one measurement setting, from the plan and the results."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from lmgeo.store.scores import score_columns
from lmgeo.store.store import Store

if TYPE_CHECKING:
    import pandas as pd


_UNSAID = {"sampling": "uniform"}  # what a plan means that does not name the setting


def wide_table(store: Store) -> pd.DataFrame:
    """Every row of every plan in the store.

    Returns:
        Columns `model`, the factors, `<object>.<measure>` (and `.spread`), `score.<task>`
        (and `.spread` over fine-tuning seeds), `score.average` of the tasks. Missing values are NaN.
        Where the training of some model diverged, the factor `diverged` says of which.
        `attrs["measures"]` lists the columns recorded as measures.
    """
    import pandas as pd

    results = store.results()
    rows = with_divergence(plan_rows(store), results)
    measures = dict.fromkeys(column for row in rows for column in row["measures"])
    table = pd.DataFrame([_flat(row, results) for row in rows])
    table = table[ordered(list(table.columns))] if rows else table
    table.attrs["measures"] = [name for name in measures if name in table.columns]
    # a measure or score without any value comes as a column of None, which is no column of numbers
    numbers = [*table.attrs["measures"], *(c for c in table.columns if c.startswith("score."))]
    return table.astype(dict.fromkeys(numbers, "float64"))


def plan_rows(store: Store) -> list[dict[str, Any]]:
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
        single = {part: row.get(part) or (other or {}).get(part) for part in ("training", "trajectory")}
        found[name] = {**row, **joined, **single, "model": name}
    return list(found.values())


def with_divergence(rows: list[dict[str, Any]], results: Mapping[str, dict[str, Any]]) -> list[dict[str, Any]]:
    """Rows with the factor `diverged`, true or false in each, where the training of any of them diverged."""
    told = [bool(_training(row, results).get("diverged")) for row in rows]
    if not any(told):
        return rows
    return [{**row, "factors": {**row["factors"], "diverged": d}} for row, d in zip(rows, told, strict=True)]


def _training(row: dict[str, Any], results: Mapping[str, dict[str, Any]]) -> dict[str, Any]:
    """What is known of the training of a row's model; nothing of a model that was not trained here."""
    return results.get(row.get("training") or "", {}).get("training") or {}


def _flat(row: dict[str, Any], results: dict[str, dict[str, Any]]) -> dict[str, Any]:
    flat = {"model": row["model"], **row["factors"]}
    for column, key in row["measures"].items():
        found = results.get(key, {}).get("measurement", {})
        flat[column] = found.get("value")
        if found.get("spread") is not None:
            flat[f"{column}.spread"] = found["spread"]
    return {**flat, **score_columns(row["scores"], results)}


def ordered(columns: list[str]) -> list[str]:
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
        for row in plan_rows(store)
    }
