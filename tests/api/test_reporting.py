"""What a page is told of a store: every value with its key and its record."""

from __future__ import annotations

import pytest

from lmgeo.api.reporting import store_context, table_context
from lmgeo.store.store import Store

MEASURED = {"object": "final", "name": "eee"}


@pytest.fixture
def store(tmp_path) -> Store:
    """Two models; one value and one score are missing."""
    kept = Store(tmp_path / "store", create=True)
    rows = [
        {"model": name, "factors": {}, "measures": {"final.eee": f"m-{name}"}, "scores": {"rte": [f"r-{name}", "gone"]}}
        for name in ("a", "b")
    ]
    plan = {"name": "p", "rows": rows, "cells": [], "analyze": {}, "study": {}, "threads": 1}
    kept.write("plans/p.json", plan)
    common = {"spec": {"name": "x"}, "notes": [], "seconds": 1.0}
    measured = {"m-a": {**MEASURED, "measurement": {"value": 1.0, "reason": None}}}
    kept.put_record("measure", "cell1", {"kind": "measure", "results": measured, **common})
    scored = {f"r-{name}": {"object": "score", "name": "rte", "score": {"score": 0.5}} for name in ("a", "b")}
    kept.put_record("evaluate", "cell2", {"kind": "evaluate", "results": scored, **common})
    return kept


def test_keys_and_records_of_what_the_store_has(store):
    found = store_context(store.url, {})
    assert found.keys == {"a": {"final.eee": ["m-a"], "score.rte": ["r-a"]}, "b": {"score.rte": ["r-b"]}}
    assert found.records == {
        "a": ["records/evaluate/cell2.json", "records/measure/cell1.json"],
        "b": ["records/evaluate/cell2.json"],
    }
    assert found.seconds == {"measure": 1.0, "evaluate": 1.0}


def test_the_command_repeats_what_was_asked(store):
    asked = {"target": None, "controls": ["alpha", "width"], "filter": "alpha > 0"}
    command = store_context(store.url, asked).command
    assert command == f"lmgeo report {store.url} --controls alpha,width --filter 'alpha > 0' --out report.html"
    assert table_context("my table.csv", {}).command == "lmgeo report 'my table.csv' --out report.html"
