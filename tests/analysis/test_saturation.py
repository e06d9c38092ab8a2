"""Runs that worsen late are told from those that do not, and their rank is followed."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest

from lmgeo.analysis.runs import runs_of, step_column
from lmgeo.analysis.saturation import saturation
from tests.analysis.whole import data_of

STEPS = np.arange(0, 3000, 200)


def runs(rises: dict[str, float], falls: dict[str, float], seed: int = 0) -> pd.DataFrame:
    """One row a run and step: a loss that falls, then rises; a rank that falls by a share at the end."""
    random = np.random.default_rng(seed)
    at = np.linspace(0, 1, len(STEPS))
    late = np.clip((at - 0.6) / 0.4, 0, None)
    parts = []
    for name, rise in rises.items():
        loss = 3 + 2 * np.exp(-6 * at) + rise * late + 0.01 * random.normal(size=len(at))
        rank = 100 - falls[name] * late + random.normal(size=len(at))
        parts.append(pd.DataFrame({"base": [f"{name}@step{s}" for s in STEPS], "step": STEPS, "score.loss": loss,
                                   "unembedding.effective_rank": rank, "y": -loss}))  # fmt: skip
    table = pd.concat(parts, ignore_index=True)
    return table.assign(model=[f"m{i}" for i in range(len(table))]).sample(frac=1, random_state=seed)


RISES = {"a": 0.5, "b": 0.0, "c": 0.5, "d": 0.0}
FALLS = {"a": 60.0, "b": 60.0, "c": 0.0, "d": 0.0}


def of(rows: pd.DataFrame, **spec: object) -> list[dict]:
    return saturation(data_of(rows, **{"measures": ["unembedding.effective_rank"], **spec}))


def test_the_four_kinds_are_told_apart() -> None:
    found = of(runs(RISES, FALLS))
    assert {entry["column"] for entry in found} == {"y", "score.loss"}
    kinds = {(entry["run"], entry["column"]): entry["kind"] for entry in found}
    for column in ("y", "score.loss"):
        assert kinds["a", column] == "low rank and saturated"
        assert kinds["b", column] == "low rank and not"
        assert kinds["c", column] == "high rank and saturated"
        assert kinds["d", column] == "high rank and not"
    fell = {entry["run"]: entry["rank_fell"] for entry in found if entry["column"] == "y"}
    assert (fell["a"], fell["c"], fell["d"]) == (True, False, False)


def test_best_last_and_rise_are_those_of_the_table() -> None:
    rows = runs(RISES, FALLS)
    entry = next(e for e in of(rows) if e["run"] == "a" and e["column"] == "score.loss")
    mine = rows[rows["base"].str.startswith("a@")].sort_values("step").reset_index()
    best = mine.loc[mine["score.loss"].idxmin()]
    assert (entry["best_step"], entry["best"]) == (best["step"], best["score.loss"])
    assert entry["last"] == mine["score.loss"].iloc[-1]
    assert entry["rise"] == pytest.approx(entry["last"] - entry["best"])
    assert entry["rank_at_best"] == best["unembedding.effective_rank"]
    assert entry["rank_last"] == mine["unembedding.effective_rank"].iloc[-1]
    assert entry["rank_measure"] == "unembedding.effective_rank"
    assert entry["rise_over_noise"] > entry["threshold"]
    assert entry["steps"] == 15


def test_noise_alone_is_called_saturated_as_rarely_as_stated() -> None:
    random = np.random.default_rng(1)
    names = [f"r{i}" for i in range(400)]
    rows = pd.DataFrame({"base": np.repeat(names, 12), "step": np.tile(np.arange(12), 400)})
    rows["y"], rows["m"] = random.normal(size=(2, 4800))
    found = of(rows, measures=["m"])
    assert len(found) == 400
    assert np.mean([entry["saturated"] for entry in found]) <= 0.05
    assert {entry["rank_measure"] for entry in found} == {None}
    assert {entry["kind"] for entry in found} == {None}


def test_a_target_worsens_downward_and_a_loss_upward() -> None:
    rows = runs({"a": 0.5}, {"a": 0.0}).assign(y=lambda t: t["score.loss"])  # a score that ends higher is no worse
    found = {entry["column"]: entry for entry in of(rows)}
    assert found["score.loss"]["saturated"]
    assert found["y"]["best_step"] == 0
    assert found["y"]["kind"] is None  # one run has no median to be low against


def test_runs_are_told_by_base_without_step_and_by_every_factor() -> None:
    rows = runs({"a": 0.0, "b": 0.0}, FALLS)
    twice = pd.concat([rows.assign(alpha=a, pretrain_seed=s) for a in (0, 20) for s in (1, 2)], ignore_index=True)
    found = runs_of(twice, "step")
    expected = [f"{base}|alpha={a},pretrain_seed={s}" for base in "ab" for a in (0, 20) for s in (1, 2)]
    assert sorted(run.name for run in found) == expected
    assert all((np.diff(twice["step"].to_numpy()[run.rows]) > 0).all() for run in found)


def test_runs_without_a_base_are_told_by_the_models_name() -> None:
    rows = pd.DataFrame({"model": [f"pythia-{s}m-step{i}000" for s in (14, 70) for i in range(8)],
                         "step": np.tile(np.arange(8), 2)})  # fmt: skip
    assert [run.name for run in runs_of(rows, "step")] == ["pythia-14m", "pythia-70m"]
    unnamed = rows.assign(model=[f"m{i}" for i in range(16)], width=np.repeat([64, 128], 8))
    assert [run.name for run in runs_of(unnamed, "step")] == ["width=64", "width=128"]


def test_tokens_seen_grow_along_and_a_budget_tells_runs_apart() -> None:
    rows = pd.DataFrame({"base": "b", "step": np.tile(np.arange(6), 2), "tokens": np.arange(12)})
    budgets = rows.assign(tokens=np.repeat([8, 128], 6))
    assert [len(run.rows) for run in runs_of(rows.iloc[:6], "step")] == [6]
    assert [run.name for run in runs_of(budgets, "step")] == ["b|tokens=8", "b|tokens=128"]


def test_the_axis_is_steps_or_tokens_as_numbers() -> None:
    table = pd.DataFrame({"step": [1, 2], "tokens": [1e6, 2e6]})
    assert step_column(table) == "step"
    assert step_column(table[["tokens"]]) == "tokens"
    assert step_column(pd.DataFrame({"tokens": ["all", "content"], "step": 5})) is None


def test_rows_that_stand_at_one_step_have_a_reason() -> None:
    rows = runs({"a": 0.0}, {"a": 0.0})
    found = of(pd.concat([rows, rows.assign(model="again")], ignore_index=True))
    assert [entry["saturated"] for entry in found] == [False, False]
    assert all("one step" in entry["reason"] for entry in found)


def test_short_runs_have_a_reason_and_no_steps_no_entries() -> None:
    rows = runs(RISES, FALLS)
    short = of(rows[rows["step"] <= 600])
    assert {entry["kind"] for entry in short} == {None}
    assert all("4 steps" in entry["reason"] for entry in short)
    assert of(rows[rows["step"] == 200]) == []
    assert of(rows.drop(columns="step")) == []


@pytest.mark.parametrize(
    "change",
    [
        {"score.loss": np.nan},
        {"score.loss": 1.0},
        {"y": 1.0},
        {"score.loss": lambda t: t["score.loss"].where(t["step"] < 2600, np.inf)},
        {"unembedding.effective_rank": lambda t: t["unembedding.effective_rank"].where(t["step"] < 1000)},
        {"step": lambda t: t["step"].where(t["step"] > 400)},
        {"y": lambda t: 1e200 * t["y"]},
        {"base": None},
    ],
)
def test_hostile_tables_give_plain_json(change: dict) -> None:
    found = of(runs(RISES, FALLS).assign(**change))
    json.dumps(found, allow_nan=False)
    assert all(isinstance(entry["saturated"], bool) for entry in found)
