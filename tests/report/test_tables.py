"""Tables as data: what a column holds, what is left out, what a definition says."""

from __future__ import annotations

from typing import Any

from lmgeo.report.context import ReportContext
from lmgeo.report.tables import base, estimates, wider
from lmgeo.report.tables.definitions import definitions


def column(table: base.Table | None, name: str) -> list[Any]:
    assert table is not None
    return list(next(f.values for f in table.fields if f.name == name))


def test_columns_without_any_value_are_left_out_and_rows_beyond_the_room_counted() -> None:
    entries = [{"a": i, "b": None} for i in range(base.MOST_ROWS + 7)]
    found = base.table("t", "T", entries, [("a", "number", "a"), ("b", "text", "b"), ("c", "text", lambda e: "x")])
    assert found is not None
    assert [f.name for f in found.fields] == ["a", "c"]
    assert (found.rows, found.left_out) == (base.MOST_ROWS, 7)
    assert base.table("t", "T", [], [("a", "number", "a")]) is None
    assert base.table("t", "T", [{"a": None}], [("a", "number", "a")]) is None


def test_every_measure_is_in_the_table_of_correlations(full: dict[str, Any]) -> None:
    flat = {"measure": "flat", "n": 3, "reason": "the measure is constant", "pearson": None, "spearman": None}
    flat |= {"p": None, "q": None, "pearson_ci": None, "spearman_ci": None}
    found = estimates.correlations({**full, "correlations": [flat, *full["correlations"]]})
    names = column(found, "measure")
    assert len(names) == 19
    assert names[-1] == "flat"
    assert column(found, "remark")[-1] == "the measure is constant"
    strongest = max(full["correlations"], key=lambda e: abs(e["pearson"]))
    assert (names[0], column(found, "Pearson 95 %")[0]) == (strongest["measure"], strongest["pearson_ci"])


def test_controlled_estimates_stand_side_by_side(full: dict[str, Any]) -> None:
    found = estimates.controlled(full)
    names = column(found, "measure")
    at = names.index("final.twonn")
    by_name = {part: {e["measure"]: e for e in full[part]} for part in ("partial", "within", "mixed", "incremental")}
    assert column(found, "partial")[at] == by_name["partial"]["final.twonn"]["spearman"]
    assert column(found, "within family")[at] == by_name["within"]["final.twonn"]["spearman"]
    assert column(found, "ΔR² boosted")[at] == by_name["incremental"]["final.twonn"]["boosted"]["delta_r2"]
    assert "at its bound" in column(found, "remark")[at]
    nothing = {**full, "partial": [], "within": None, "mixed": [], "incremental": []}
    assert estimates.controlled(nothing) is None


def test_held_out_predictions_beside_the_mean(facts: dict[str, Any]) -> None:
    entries = [{**e, "baseline_mse": 0.5, "calibration": {"slope": 0.9, "intercept": 0.1}} for e in facts["holdout"]]
    found = estimates.holdout({**facts, "holdout": entries})
    best = min(e["mse"] for e in facts["holdout"])
    assert column(found, "mean squared error")[0] == best
    assert column(found, "relative")[0] == best / 0.5
    assert column(found, "calibration slope")[0] == 0.9
    assert column(found, "models predicted")[0] == 5


def test_transfer_level_by_level(full: dict[str, Any]) -> None:
    found = wider.levels(full)
    assert found is not None
    assert found.rows == sum(len(e["by_level"]) for e in full["transfer"])
    assert found.folded
    assert column(wider.transfer(full), "relative to the mean")[0] == 1.0


def test_exceptions_settings_and_power(full: dict[str, Any]) -> None:
    sizes = [abs(z) for z in column(wider.counterexamples(full), "z")]
    assert sizes == sorted(sizes, reverse=True)
    assert column(wider.counterexamples(full), "settings")[0] == "width 64, weight_decay 0.1"
    assert column(wider.saturation(full), "got worse") == ["yes", "no", "no"]
    assert column(wider.specifications(full), "protocol")[:2] == ["default", "default"]
    assert column(wider.needed(full), "true partial correlation") == [0.1, 0.2, 0.3, 0.5]
    assert column(wider.reflects(full), "measure")[0] == "the score: score.average"


def test_definitions_are_found_by_whole_and_bare_name(facts: dict[str, Any]) -> None:
    known = {"eee": {"description": "evenness", "unit": "1", "range": [0, "d"], "direction": "higher = less even"}}
    found = definitions(facts, ReportContext(measures=known))
    assert found is not None
    assert [f.values[0] for f in found.fields] == ["eee", "evenness", "1", "0 … d", "higher = less even"]
    assert definitions(facts, ReportContext()) is None
