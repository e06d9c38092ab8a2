"""The store: created once, read whole, safe beside other runs."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time

import pytest

from lmgeo.core.errors import StoreError
from lmgeo.store.claims import claim, is_live, live_claims
from lmgeo.store.store import Store
from lmgeo.store.table import value_keys, wide_table


@pytest.fixture
def store(tmp_path) -> Store:
    return Store(tmp_path / "store", create=True)


def test_a_store_is_made_only_when_asked(tmp_path):
    with pytest.raises(StoreError, match="no result store"):
        Store(tmp_path / "nothing")
    assert not (tmp_path / "nothing").exists()


def test_a_folder_of_something_else_is_refused_untouched(tmp_path):
    (tmp_path / "mine.txt").write_text("mine")
    with pytest.raises(StoreError, match="is no result store"):
        Store(tmp_path, create=True)
    assert [p.name for p in tmp_path.iterdir()] == ["mine.txt"]


def test_another_format_is_refused(store):
    store.write("lmgeo-store.json", {"format": 99})
    with pytest.raises(StoreError, match="format 99"):
        Store(store.url)


@pytest.mark.parametrize("text", ["garbage", "[]", "{}"])
def test_a_damaged_mark_is_a_store_error(store, text):
    with open(store.path("lmgeo-store.json"), "w") as file:
        file.write(text)
    with pytest.raises(StoreError, match=r"lmgeo-store|format"):
        Store(store.url)


def test_an_unknown_file_system_is_refused():
    with pytest.raises(StoreError, match="nosuch"):
        Store("nosuch://bucket/x", create=True)


def test_results_of_all_records_by_key(store):
    store.put_record("measure", "a", {"results": {"k1": {"v": 1}, "k2": {"v": 2}}})
    store.put_record("evaluate", "b", {"results": {"k3": {"v": 3}}})
    assert store.results() == {"k1": {"v": 1}, "k2": {"v": 2}, "k3": {"v": 3}}


def test_a_broken_record_is_named(store):
    store.write("records/measure/a.json", {})
    with open(store.path("records", "measure", "a.json"), "w") as file:
        file.write("{")
    with pytest.raises(StoreError, match=r"a\.json"):
        store.results()


@pytest.mark.parametrize(
    ("folder", "document", "lacks"),
    [
        ("records/measure", {"a": 1}, "'results'"),
        ("records/measure", [], "'results'"),
        ("plans", {"cells": []}, "'rows'"),
        ("plans", None, "'cells'"),
        ("failures", {"key": "k"}, "'cell'"),
    ],
)
def test_json_that_is_not_of_the_stores_making_is_named(store, folder, document, lacks):
    store.write(f"{folder}/a.json", document)
    with pytest.raises(StoreError, match=rf"{folder}/a\.json in store .* has no {lacks}"):
        list(store.documents(folder))
    if folder.startswith("records"):
        with pytest.raises(StoreError, match="delete it"):
            store.results_of("measure", "a")


def test_not_a_number_never_enters_a_store(store):
    with pytest.raises(ValueError, match="nan"):
        store.put_record("measure", "a", {"results": {"k": float("nan")}})
    assert store.names("records/measure") == []


def test_it_works_on_a_remote_file_system():
    first = Store("memory://somewhere/store", create=True)
    first.put_record("measure", "a", {"results": {"k": {"v": 1}}})
    assert Store("memory://somewhere/store").results() == {"k": {"v": 1}}
    with pytest.raises(StoreError, match="not a local folder"):
        first.local_path("artefacts")


def test_a_claim_is_held_and_given_back(store):
    with claim(store, "cell") as ours:
        assert ours
        assert live_claims(store) == {"cell"}
    assert live_claims(store) == set()


def test_a_cell_claimed_by_a_living_process_is_not_ours(store):
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as other:
        import psutil

        started = psutil.Process(other.pid).create_time()
        held = {"key": "cell", "host": socket.gethostname(), "pid": other.pid, "process_started": started}
        store.write("claims/cell.json", {**held, "renewed": time.time()})
        with claim(store, "cell") as ours:
            assert not ours
        other.kill()
        other.wait()
    with claim(store, "cell") as ours:
        assert ours


@pytest.mark.parametrize(
    ("change", "live"),
    [
        ({"pid": 2**22 + 1}, False),
        ({"process_started": 1.0}, False),
        ({"host": "other"}, True),
        ({"host": "other", "renewed": 0.0}, False),
        ({}, True),
    ],
)
def test_dead_claims_count_for_nothing(change, live):
    import psutil

    own = {
        "key": "cell",
        "host": socket.gethostname(),
        "pid": os.getpid(),
        "process_started": psutil.Process().create_time(),
        "renewed": time.time(),
    }
    assert is_live({**own, **change}) is live


def plan(rows):
    return {"name": "p", "rows": rows, "cells": [], "analyze": {}, "study": {}, "threads": 1}


def row(model, measures=(), scores=()):
    return {"model": model, "factors": {"base": "b"}, "measures": dict(measures), "scores": dict(scores)}


def test_the_table_averages_seeds_and_marks_what_is_missing(store):
    scores = {"rte": ["r1", "r2"], "cola": ["c1", "c2"]}
    store.write("plans/p.json", plan([row("a", {"final.eee": "e"}, scores), row("b", {"final.eee": "x"}, scores)]))
    values = {"r1": 0.5, "r2": 0.7, "c1": 0.1, "c2": 0.3}
    results = {k: {"score": {"score": v}} for k, v in values.items()}
    results["e"] = {"measurement": {"value": 0.25, "spread": 0.01}}
    store.put_record("evaluate", "all", {"results": results})
    table = wide_table(store)
    first = table.iloc[0]
    assert first["score.rte"] == pytest.approx(0.6)
    assert first["score.rte.spread"] == pytest.approx(0.1 * 2**0.5)
    assert first["score.average"] == pytest.approx(0.4)
    assert first["score.average.spread"] == pytest.approx(0.2 / 2**0.5)
    assert first["final.eee.spread"] == 0.01
    assert table["score.average"].notna().tolist() == [True, True]
    assert table["final.eee"].isna().tolist() == [False, True]


def test_an_average_is_missing_when_a_score_is(store):
    store.write("plans/p.json", plan([row("a", (), {"rte": ["r1"], "cola": ["c1"]})]))
    store.put_record("evaluate", "all", {"results": {"r1": {"score": {"score": 0.5}}}})
    table = wide_table(store)
    assert table["score.rte"].tolist() == [0.5]
    assert table["score.average"].isna().all()


def test_every_cell_of_a_large_store_reaches_the_table(store):
    rows = [row(f"m{i}", {"final.eee": f"k{i}"}) for i in range(2_000)]
    store.write("plans/p.json", plan(rows))
    for i in range(2_000):
        store.put_record("measure", f"c{i}", {"results": {f"k{i}": {"measurement": {"value": i}}}})
    table = wide_table(store)
    assert sorted(table["final.eee"]) == list(range(2_000))
    assert table["model"].tolist() == [f"m{i}" for i in range(2_000)]
    assert store.results_of("measure", "c1999") == {"k1999": {"measurement": {"value": 1999}}}


def test_a_measure_without_any_value_is_a_column_of_missing_numbers(store):
    store.write("plans/p.json", plan([row("a", {"final.kl": "k"}), row("b", {"final.kl": "k"})]))
    store.put_record("measure", "all", {"results": {"k": {"measurement": {"value": None, "spread": None}}}})
    table = wide_table(store)
    assert table["final.kl"].dtype == "float64"
    assert table["final.kl"].isna().all()
    assert table.attrs["measures"] == ["final.kl"]


def test_a_sampling_that_only_one_plan_names_is_uniform_in_the_others(store):
    store.write("plans/old.json", plan([row("a", {"final.eee": "e"})]))
    drawn = row("a", {"final.eee": "f"})
    drawn["factors"]["sampling"] = "balanced"
    store.write("plans/young.json", plan([drawn]))
    table = wide_table(store)
    assert dict(zip(table["model"], table["sampling"], strict=True)) == {
        "a": "uniform", "a|sampling=balanced": "balanced",
    }  # fmt: skip
    store.write("plans/young.json", plan([row("a", {"final.vrm": "v"})]))
    assert list(wide_table(store).columns) == ["model", "base", "final.eee", "final.vrm"]


def test_every_value_is_traced_to_the_keys_of_its_plan(store):
    rows = [row("a", {"final.eee": "e"}, {"rte": ["r1", "r2"]}), row("b", {"final.eee": "f"})]
    store.write("plans/p.json", plan(rows))
    store.write("plans/q.json", plan([row("a", {"final.vrm": "v"})]))
    assert value_keys(store) == {
        "a": {"final.eee": ["e"], "final.vrm": ["v"], "score.rte": ["r1", "r2"]},
        "b": {"final.eee": ["f"]},
    }
    assert list(value_keys(store)) == wide_table(store)["model"].tolist()
