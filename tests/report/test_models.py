"""The models of a page: every column with its part, packed short, and where each value came from."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pandas as pd

from lmgeo.analysis.analyze import analyze
from lmgeo.core.spec.blocks import AnalyzeSpec
from lmgeo.report import models as module
from lmgeo.report.context import ReportContext
from lmgeo.report.models import read_models
from lmgeo.report.origins import origins
from lmgeo.report.packing import packed_models, safe_json


def test_columns_play_their_parts_in_order(table: pd.DataFrame, facts: dict[str, Any]) -> None:
    found = read_models(table.assign(**{"final.eee.spread": 0.1, "mood": "fine"}), facts)
    parts = {c.name: c.role for c in found.columns}
    assert parts["score.average"] == "score"
    assert parts["alpha"] == parts["base"] == parts["mood"] == "factor"
    assert parts["final.eee"] == "measure"
    assert parts["final.eee.spread"] == "spread"
    assert next(iter(parts)) == "score.average"
    strongest = max(facts["correlations"], key=lambda e: abs(e["pearson"]))["measure"]
    assert found.of("measure")[0].name == strongest
    assert [c.name for c in found.colours()][:2] == ["alpha", "base"]
    assert len(parts) == len(table.columns) + 1  # all but the names


def test_rows_keep_their_number_in_the_table(table: pd.DataFrame, facts: dict[str, Any]) -> None:
    assert read_models(table.iloc[[3, 10]], facts).rows == [4, 11]
    assert json.loads(packed_models(read_models(table, facts), None, "t.csv"))["rows"] is None


def unpacked(column: dict[str, Any], count: int) -> list[Any]:
    if "constant" in column:
        return [column["constant"]] * count
    if "codes" in column:
        return [None if code < 0 else column["levels"][code] for code in column["codes"]]
    return list(column["values"])


def test_packing_keeps_every_value(table: pd.DataFrame, facts: dict[str, Any]) -> None:
    table = table.assign(one=1.5, none=np.nan, mixed=["u", None] * 13, truth=[True, False] * 13)
    found = read_models(table, facts)
    packed = json.loads(packed_models(found, None, "t.csv"))
    for column, one in zip(packed["columns"], found.columns, strict=True):
        assert unpacked(column, len(table)) == list(one.values), one.name
    by_name = {c["name"]: c for c in packed["columns"]}
    assert by_name["one"]["constant"] == 1.5
    assert by_name["none"]["values"] == [None] * 26
    assert by_name["truth"]["levels"] == ["True", "False"]


def test_a_table_too_large_for_a_page_is_cut_from_its_end(
    table: pd.DataFrame, facts: dict[str, Any], monkeypatch: Any
) -> None:
    monkeypatch.setattr(module, "_MOST_CELLS", 26 * 5)
    monkeypatch.setattr(module, "_WHOLE", 10)
    found = read_models(table, facts)
    assert found.columns[0].name == "score.average"
    assert len(found.columns) == 5
    assert len(found.left_out) == len(table.columns) - 1 - 5
    assert found.digits == 6


def test_json_in_a_page_keeps_its_values() -> None:
    value = {"</script>": ["<!--", "a & b", 1.23456789, float("nan"), 12345678.0, None]}
    text = safe_json(value)
    assert "<" not in text
    assert json.loads(text) == {"</script>": ["<!--", "a & b", 1.23457, None, 12345700, None]}


KEYS = {"a": {"final.eee": ["0" * 24], "score.rte": ["1" * 24, "2" * 24]}, "b": {"final.eee": ["3" * 24]}}
RECORDS = {"a": ["records/measure/abcdefabcdefabcdefabcdef-12345678.json"], "b": []}


def test_keys_stand_in_the_order_of_models_and_columns() -> None:
    found = origins(["b", "a", "unknown"], ReportContext(keys=KEYS, records=RECORDS))
    assert found is not None
    assert found["whole"]
    assert found["keys"]["columns"] == ["final.eee", "score.rte", "score.rte"]
    assert found["keys"]["rows"] == ["3" * 24 + "-" * 48, "0" * 24 + "1" * 24 + "2" * 24, "-" * 72]
    assert found["records"] == ["", RECORDS["a"][0], ""]
    assert origins(["a"], ReportContext()) is None


def test_keys_grow_short_where_room_is_short() -> None:
    context = ReportContext(keys=KEYS, records=RECORDS)
    short = origins(["a", "b"], context, room=140)
    assert short is not None
    assert not short["whole"]
    assert short["keys"]["rows"][0] == "0" * 12 + "1" * 12 + "2" * 12
    assert short["records"][0] == "abcdefabcdef"
    none = origins(["a", "b"], context, room=10)
    assert none == {"keys": None, "records": ["abcdefabcdef", ""], "whole": False}


def test_a_measure_without_any_value_is_a_column(table: pd.DataFrame) -> None:
    table = table.assign(**{"final.eee": np.nan})
    found = read_models(table, analyze(table, AnalyzeSpec(), ["final.eee", "final.isoscore"]))
    assert found.column("final.eee").levels == []
    assert found.column("final.eee").role == "measure"
