"""A store with trajectories: saturation and twins are told by the runs' own courses, and the page draws them."""

from __future__ import annotations

import numpy as np
import pytest

import lmgeo
from lmgeo.api.analysing import analyze
from lmgeo.store.store import Store
from lmgeo.store.trajectories import trajectory_table

STEPS = range(0, 3000, 200)


def course(late: float, seed: int) -> list[dict]:
    noise = 0.01 * np.random.default_rng(seed).normal(size=len(STEPS))
    found = []
    for step, wobble in zip(STEPS, noise, strict=True):
        rise = late * max(step / 3000 - 0.6, 0.0)
        loss = 3 + 2 * float(np.exp(-step / 500)) + rise + float(wobble)
        measures = {"effective_rank": {"value": 50 - 20 * rise + float(wobble), "unit": "dimensions"}}
        found.append({"step": step, "tokens": step * 64, "loss": loss, "bits_per_byte": loss / 3,
                      "objects": {"unembedding": measures}})  # fmt: skip
    return found


@pytest.fixture
def store(tmp_path) -> Store:
    """Three pairs of twins, the parallel ones worse late; and a run that diverged."""
    kept = Store(tmp_path / "store", create=True)
    rows, results = [], {}
    for i, (width, parallel) in enumerate([(w, p) for w in (32, 64, 128) for p in (False, True)] + [(256, False)]):
        name = f"stablelm-{width}/parallel={parallel}"
        factors = {"base": name, "configuration": "parallel=True" if parallel else "default", "width": width,
                   "parallel": parallel}  # fmt: skip
        rows.append({"model": name, "factors": factors, "measures": {"unembedding.effective_rank": f"m{i}"},
                     "scores": {"loss": [f"l{i}"]}, "training": f"t{i}", "trajectory": f"c{i}"})  # fmt: skip
        looks = course(5.0 if parallel else 0.0, i)
        last = looks[-1]
        results |= {
            f"t{i}": {"training": {"steps": 3000, "diverged": "the loss is nan at step 9" if width == 256 else None}},
            f"c{i}": {"trajectory": looks},
            f"l{i}": {"score": {"score": last["loss"]}},
            f"m{i}": {"object": "unembedding", "name": "effective_rank",
                      "measurement": {**last["objects"]["unembedding"]["effective_rank"], "reason": None}},
        }  # fmt: skip
    plan = {"name": "p", "rows": rows, "cells": [], "analyze": {"target": "score.loss"}, "study": {}, "threads": 1}
    kept.write("plans/p.json", plan)
    kept.put_record("pretrain", "all", {"kind": "pretrain", "spec": {"name": "x"}, "notes": [], "seconds": 1.0,
                                        "results": results})  # fmt: skip
    return kept


def test_saturation_and_twins_of_a_store_come_from_its_checkpoints(store: Store) -> None:
    found = analyze(store.url)
    assert found["dropped"] == [{"rows": 1, "reason": "training diverged"}]
    runs = {e["run"]: e for e in found["saturation"]}
    assert len(runs) == 6  # not the one that diverged
    assert {e["column"] for e in found["saturation"]} == {"score.loss"}
    assert all(entry["saturated"] is ("True" in run) for run, entry in runs.items())
    assert {e["kind"] for e in found["saturation"]} == {"low rank and saturated", "high rank and not"}
    of_loss = [e for e in found["twins"] if e["column"] == "score.loss"]
    assert [e["saturated"] for e in of_loss] == [[False, True]] * 3
    assert all(e["difference"] > 1.0 for e in of_loss)


def test_a_filter_keeps_the_runs_of_its_models(store: Store) -> None:
    found = analyze(store.url, filter="width <= 64")
    assert len(found["saturation"]) == 4


def test_the_table_of_checkpoints_is_analysed_as_any_table(store: Store) -> None:
    steps = trajectory_table(store)
    found = analyze(steps, target="score.loss", filter="progress == 1")
    assert found["n"] == 7
    assert found["correlations"][0]["measure"] == "unembedding.effective_rank"
    assert len(analyze(steps, target="score.loss", measures=["*rank"])["saturation"]) == 6


def test_the_page_draws_the_runs_and_lists_kinds_and_twins(store: Store, tmp_path) -> None:
    page = tmp_path / "page.html"
    made = lmgeo.report(store.url, out=page, charts=tmp_path / "charts", formats=["svg"])
    assert (tmp_path / "charts" / "trajectories.svg").read_text().count("<path") > 6
    assert str(tmp_path / "charts" / "trajectories.svg") in made["charts"]
    text = page.read_text()
    for heading in ("What happened along training?", "Four kinds of runs", "Twins that differ"):
        assert heading in text
