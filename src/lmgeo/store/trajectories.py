"""The table of checkpoints: one row for each look at a run while it trained."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from lmgeo.store.store import Store
from lmgeo.store.table import ordered, plan_rows, with_divergence

if TYPE_CHECKING:
    import pandas as pd


# how the finished model was measured; a look along training has a text of its own
_OF_MEASURING = frozenset({"corpus", "sequences", "sampling", "tokens", "sampling_seed", "protocol"})


def trajectory_table(store: Store) -> pd.DataFrame:
    """Every checkpoint of every run of the store that was looked at.

    Returns:
        Columns `model` (`<run>@step<N>`, unique), the factors of the run, `step`, `progress` (the step over the
        run's last one, 0 … 1), `trained_tokens`, `<object>.<measure>`, `score.loss` (nats per token) and
        `score.bpb` (bits per byte), in the order of runs and steps. Missing values are NaN. No rows where no run
        was looked at. `attrs["measures"]` lists the measures.
    """
    import pandas as pd

    results = store.results()
    runs = _runs(with_divergence(plan_rows(store), results), results)
    table = pd.DataFrame([line for run in runs for line in _lines(run, results[run["trajectory"]]["trajectory"])])
    if table.empty:
        return table
    table = table[ordered(list(table.columns))]
    numbers = [c for c in table.columns if "." in c]
    table.attrs["measures"] = [c for c in numbers if not c.startswith("score.")]
    return table.astype(dict.fromkeys([*numbers, "progress", "trained_tokens"], "float64"))


def _runs(rows: list[dict[str, Any]], results: Mapping[str, dict[str, Any]]) -> list[dict[str, Any]]:
    """The first row of each trajectory, with the factors on which all rows of one trajectory agree.

    The others are of what was done to the model afterwards: how it was perturbed and measured.
    """
    firsts: dict[str, dict[str, Any]] = {}
    own: dict[str, None] = {}
    unlike: set[str] = set()
    for row in rows:
        key = row.get("trajectory")
        if key and results.get(key, {}).get("trajectory"):
            first = firsts.setdefault(key, row)["factors"]
            own |= dict.fromkeys(row["factors"])
            unlike |= {name for name in {*first, *row["factors"]} if first.get(name) != row["factors"].get(name)}
    kept = [name for name in own if name not in unlike | _OF_MEASURING]
    return [{**row, "factors": {name: row["factors"].get(name) for name in kept}} for row in firsts.values()]


def _lines(run: dict[str, Any], looks: list[dict[str, Any]]) -> list[dict[str, Any]]:
    looks = sorted(looks, key=lambda look: look["step"])
    name, last = run["factors"].get("base") or run["model"], looks[-1]["step"]
    return [
        {
            "model": f"{name}@step{look['step']}",
            **run["factors"],
            "step": look["step"],
            "progress": look["step"] / last if last else None,
            "trained_tokens": look.get("tokens"),
            **_values(look),
            "score.loss": look.get("loss"),
            "score.bpb": look.get("bits_per_byte"),
        }
        for look in looks
    ]


def _values(look: dict[str, Any]) -> dict[str, Any]:
    return {
        f"{name}.{measure}": found["value"]
        for name, measures in (look.get("objects") or {}).items()
        for measure, found in measures.items()
    }
