"""The table of checkpoints, divergence and losses, from plans and records as a suite writes them."""

from __future__ import annotations

import json

import pytest

from lmgeo.api import studies
from lmgeo.core.errors import StoreError
from lmgeo.store.store import Store
from lmgeo.store.table import wide_table
from lmgeo.store.trajectories import trajectory_table


def look(step: int, loss: float | None, rank: float | None, tokens: int | None = None) -> dict:
    objects = {"unembedding": {"effective_rank": {"value": rank, "unit": "dimensions"}}}
    return {"step": step, "tokens": tokens, "loss": loss, "bits_per_byte": loss and loss / 2, "objects": objects}


def row(name: str, configuration: str, **more: object) -> dict:
    factors = {"base": name, "configuration": configuration, "alpha": 0}
    return {"model": name, "factors": factors, "measures": {}, "scores": {}, **more}


@pytest.fixture
def store(tmp_path) -> Store:
    found = Store(tmp_path / "store", create=True)
    first = row("a", "default", training="ta", trajectory="ca", scores={"loss": ["la"], "loss.ptb": ["pa"]})
    noisy = {**first, "model": "a|noise(alpha=20)", "factors": {**first["factors"], "alpha": 20}}
    other = row("b", "batch_size=64", training="tb", trajectory="cb", scores={"loss": ["lb"], "loss.ptb": ["pb"]})
    kept = row("c", "default", training=None, trajectory=None)
    rows = [first, noisy, other, kept]
    found.write("plans/p.json", {"name": "p", "rows": rows, "cells": [], "analyze": {}, "study": {}, "threads": 1})
    training = {"ta": {"training": {"steps": 20, "diverged": None}},
                "tb": {"training": {"steps": 20, "diverged": "the loss is nan at step 11"}}}  # fmt: skip
    courses = {
        "ca": {"trajectory": [look(20, 3.0, 7.0, 200), look(0, 6.0, 9.0, 0), look(10, 4.0, 8.0, 100)]},
        "cb": {"trajectory": [look(0, 6.0, 9.0), look(10, 5.0, None), look(11, None, None)]},
    }
    scores = {k: {"score": {"score": v}} for k, v in {"la": 3.0, "pa": 4.0}.items()}
    scores |= {k: {"score": {"score": None, "reason": "diverged"}} for k in ("lb", "pb")}
    found.put_record("pretrain", "all", {"results": {**training, **courses, **scores}})
    return found


def test_a_row_a_checkpoint_in_the_order_of_steps(store: Store) -> None:
    table = trajectory_table(store)
    assert list(table.columns) == [
        "model", "base", "configuration", "diverged", "step", "progress", "trained_tokens",
        "unembedding.effective_rank", "score.loss", "score.bpb",
    ]  # fmt: skip
    assert table["model"].tolist() == ["a@step0", "a@step10", "a@step20", "b@step0", "b@step10", "b@step11"]
    of_a = table[table["base"] == "a"]
    assert of_a["progress"].tolist() == [0.0, 0.5, 1.0]
    assert of_a["trained_tokens"].tolist() == [0, 100, 200]
    assert of_a["score.loss"].tolist() == [6.0, 4.0, 3.0]
    assert of_a["score.bpb"].tolist() == [3.0, 2.0, 1.5]
    assert of_a["unembedding.effective_rank"].tolist() == [9.0, 8.0, 7.0]
    assert table["score.loss"].isna().tolist() == [False] * 5 + [True]
    assert table["trained_tokens"].isna().tolist() == [False] * 3 + [True] * 3
    assert table.attrs["measures"] == ["unembedding.effective_rank"]


def test_what_was_done_to_a_model_afterwards_is_no_factor_of_its_run(store: Store) -> None:
    assert "alpha" in wide_table(store).columns
    assert "alpha" not in trajectory_table(store).columns  # 0 and 20 of one run


def test_divergence_is_a_factor_where_some_run_diverged(store: Store) -> None:
    assert wide_table(store)["diverged"].tolist() == [False, False, True, False]
    plan = store.read("plans/p.json")
    store.write("plans/p.json", {**plan, "rows": [r for r in plan["rows"] if r["model"] != "b"]})
    assert "diverged" not in wide_table(store).columns


def test_losses_left_out_of_a_diverged_run_are_empty_cells(store: Store) -> None:
    plan = store.read("plans/p.json")
    scored = {**plan["rows"][2], "scores": {"loss": ["gone"], "loss.noise1": ["gone", "la"]}}
    store.write("plans/p.json", {**plan, "rows": [plan["rows"][0], scored]})
    left_out = {"object": "score", "name": "loss", "left_out": "training diverged"}
    store.put_record("losses", "gone", {"results": {"gone": left_out}})
    row = wide_table(store).iloc[1]
    assert row[["score.loss", "score.loss.noise1"]].isna().all()
    assert "score.loss.noise1.spread" not in row.index


def test_losses_are_scores_and_no_part_of_the_average(store: Store) -> None:
    table = wide_table(store)
    assert "score.average" not in table.columns
    assert table["score.loss.ptb"].iloc[0] == 4.0
    plan = store.read("plans/p.json")
    scored = {**plan["rows"][0], "scores": {**plan["rows"][0]["scores"], "rte": ["ra"], "cola": ["xa"]}}
    store.write("plans/p.json", {**plan, "rows": [scored]})
    store.put_record("evaluate", "a", {"results": {"ra": {"score": {"score": 0.5}}, "xa": {"score": {"score": 0.1}}}})
    assert wide_table(store)["score.average"].tolist() == [pytest.approx(0.3)]


def test_two_plans_of_one_model_keep_its_trajectory(store: Store) -> None:
    plan = store.read("plans/p.json")
    again = {**plan["rows"][0], "training": None, "trajectory": None, "measures": {"final.eee": "e"}}
    store.write("plans/q.json", {**plan, "name": "q", "rows": [again]})
    assert trajectory_table(store)["base"].tolist() == list("aaabbb")


def test_the_steps_of_a_store_are_plain_json_and_none_are_an_error(store: Store) -> None:
    records = studies.table_records(studies.read_store_steps(store.url))
    json.dumps(records, allow_nan=False)
    assert records[-1]["score.loss"] is None
    plan = store.read("plans/p.json")
    store.write("plans/p.json", {**plan, "rows": [plan["rows"][3]]})
    with pytest.raises(StoreError, match="no trajectory"):
        studies.read_store_steps(store.url)


def test_a_run_seen_at_its_start_alone_has_no_progress(store: Store) -> None:
    plan = store.read("plans/p.json")
    store.write("plans/p.json", {**plan, "rows": [{**plan["rows"][0], "trajectory": "one"}]})
    store.put_record("pretrain", "one", {"results": {"one": {"trajectory": [look(0, 6.0, 9.0)]}}})
    assert trajectory_table(store)["progress"].isna().tolist() == [True]
