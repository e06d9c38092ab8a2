"""The whole analysis: shape, dropping, settings kept apart, and the published table."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from lmgeo.analysis.analyze import analyze
from lmgeo.analysis.table import read_table
from lmgeo.core.errors import NotEnoughData, SpecError, UnknownName
from lmgeo.core.spec.blocks import AnalyzeSpec


def plain(n: int = 30) -> pd.DataFrame:
    random = np.random.default_rng(0)
    x = random.normal(size=n)
    return pd.DataFrame(
        {
            "model": [f"m{i}" for i in range(n)],
            "family": ["a", "b"] * (n // 2),
            "alpha": random.uniform(size=n),
            "eee": x,
            "vrm": random.normal(size=n),
            "y": x + random.normal(size=n),
        }
    )


@pytest.mark.shared
def test_the_published_table_gives_the_published_headline(shared: Path) -> None:
    facts = analyze(read_table(shared / "data" / "marbut2024" / "bert_small.csv"), AnalyzeSpec(target="glue_average"))
    assert facts["n"] == 128
    assert facts["dropped"] == [{"rows": 3, "reason": "no measure has a value"}]
    assert len(facts["correlations"]) == 19
    patchiness = next(e for e in facts["correlations"] if e["measure"] == "lsq_patchiness_released")
    assert patchiness["n"] == 125
    assert patchiness["pearson"] == pytest.approx(0.902, abs=5e-4)
    assert facts["partial"] == facts["incremental"] == facts["holdout"] == []
    assert facts["incremental_all"] is None


def unlike_json(value: object, place: str = "facts") -> list[str]:
    """Where a document holds what is no plain number, text, list or mapping, as numpy's own numbers are none."""
    if isinstance(value, dict):
        return [found for key, inner in value.items() for found in unlike_json(inner, f"{place}.{key}")]
    if isinstance(value, list):
        return [found for i, inner in enumerate(value) for found in unlike_json(inner, f"{place}[{i}]")]
    return [] if type(value) in (str, int, float, bool, type(None)) else [f"{place}: {type(value).__name__}"]


def test_everything_at_once_is_plain_json_and_repeats_exactly() -> None:
    spec = AnalyzeSpec(target="y", by="family", controls=["alpha"], seed=4)
    facts = analyze(plain(), spec, holdout=plain(6))
    text = json.dumps(facts, allow_nan=False)
    assert unlike_json(facts) == []
    assert text == json.dumps(analyze(plain(), spec, holdout=plain(6)))
    assert set(facts) == {
        "target", "n", "dropped", "clusters", "correlations", "partial", "regressions", "incremental", "holdout",
        "notes", "reflects", "alignment", "transfer", "counterexamples", "saturation", "sensitivity", "power",
        "mixed", "incremental_all", "within", "strata", "choices", "twins", "twins_mean",
    }  # fmt: skip
    assert [e["measure"] for e in facts["correlations"]] == ["eee", "vrm"]
    assert [e["by"] for e in facts["regressions"]] == [None, "family"] * 2
    assert facts["incremental"][0]["grouped_by"] == facts["incremental_all"]["grouped_by"] == "family"
    assert facts["incremental_all"]["measures"] == ["eee", "vrm"]
    assert [e["group"] for e in facts["mixed"]] == ["family", "family"]
    assert list(facts["holdout"][0]["predictions"]) == [f"m{i}" for i in range(6)]


def test_rows_without_target_are_dropped_and_counted_once() -> None:
    table = plain()
    table.loc[[0, 1], ["eee", "vrm"]] = np.nan
    table.loc[[1, 2, 3], "y"] = np.nan
    facts = analyze(table, AnalyzeSpec(target="y"))
    assert facts["dropped"] == [
        {"rows": 2, "reason": "no measure has a value"},
        {"rows": 2, "reason": "'y' has no value"},
    ]
    assert facts["n"] == 30
    assert facts["correlations"][0]["n"] == 26


def test_infinite_values_are_missing_and_said() -> None:
    table = plain()
    table.loc[0, "eee"] = np.inf
    facts = analyze(table, AnalyzeSpec(target="y"))
    assert facts["correlations"][0]["n"] == 29
    assert any("infinite" in note and "'eee'" in note for note in facts["notes"])


def test_names_that_are_not_there_are_answered_with_near_ones() -> None:
    with pytest.raises(UnknownName, match="glue_average"):
        analyze(plain().rename(columns={"y": "glue_average"}), AnalyzeSpec(target="glue_averge"))
    for spec in (AnalyzeSpec(target="y", by="famly"), AnalyzeSpec(target="y", controls=["famly"])):
        with pytest.raises(UnknownName, match="family"):
            analyze(plain(), spec)
    with pytest.raises(UnknownName, match="vrm"):
        analyze(plain(), AnalyzeSpec(target="y", measures=["vrn"]))


@pytest.mark.parametrize(
    ("change", "spec", "error"),
    [
        ({"y": "text"}, {}, SpecError),
        ({"eee": "text"}, {"measures": ["eee"]}, SpecError),
        ({"y": np.nan}, {}, NotEnoughData),
        ({}, {"controls": ["y"]}, SpecError),
        ({}, {"filter": "alpha > 7"}, NotEnoughData),
    ],
)
def test_tables_and_specs_that_cannot_be_analysed(change: dict, spec: dict, error: type[Exception]) -> None:
    with pytest.raises(error):
        analyze(plain().assign(**change), AnalyzeSpec(target="y", **spec))


def test_no_rows_no_measures_and_twin_columns() -> None:
    with pytest.raises(NotEnoughData, match="no rows"):
        analyze(plain().iloc[:0], AnalyzeSpec(target="y"))
    with pytest.raises(NotEnoughData, match="measure"):
        analyze(plain()[["model", "alpha", "y"]], AnalyzeSpec(target="y"))
    twins = pd.concat([plain(), plain()[["eee"]]], axis=1)
    with pytest.raises(SpecError, match="'eee'"):
        analyze(twins, AnalyzeSpec(target="y"))


def study(settings: dict[str, list]) -> pd.DataFrame:
    one = plain(10).rename(columns={"y": "score.average", "eee": "final.eee"}).drop(columns="vrm").assign(base="b")
    name, values = next(iter(settings.items()))
    parts = [one.assign(**{name: v, "final.eee": one["final.eee"] * (i + 1)}) for i, v in enumerate(values)]
    return pd.concat(parts, ignore_index=True)


def test_several_measurement_settings_are_never_pooled() -> None:
    table = study({"protocol": ["default", "marbut2024"]})
    facts = analyze(table, AnalyzeSpec(), ["final.eee"])
    alone = analyze(study({"protocol": ["default"]}), AnalyzeSpec(), ["final.eee"])
    assert facts["correlations"] == alone["correlations"]
    assert "protocol: default, marbut2024" in facts["notes"][0]
    assert "--filter" in facts["notes"][0]
    other = analyze(table, AnalyzeSpec(filter="protocol == marbut2024"), ["final.eee"])
    assert other["n"] == 10


def test_settings_in_the_models_names_are_seen_too() -> None:
    table = study({"sequences": [100, 1000]})
    table["model"] = table["model"] + "|sequences=" + table["sequences"].astype(str)
    assert analyze(table, AnalyzeSpec(), ["final.eee"])["n"] == 10


def test_a_training_budget_called_tokens_is_a_factor() -> None:
    table = plain().assign(tokens=[8, 16, 32] * 10)
    assert analyze(table, AnalyzeSpec(target="y", controls=["tokens"]))["n"] == 30


def test_one_level_gives_the_null_form_with_a_note() -> None:
    facts = analyze(plain().assign(family="a"), AnalyzeSpec(target="y", by="family"), holdout=plain(4))
    assert {e["by"] for e in [*facts["regressions"], *facts["holdout"]]} == {None}
    assert any("one level" in note for note in facts["notes"])


def test_filter_reaches_the_holdout_where_it_has_the_column() -> None:
    held = plain(6).drop(columns=["alpha"])
    facts = analyze(plain(), AnalyzeSpec(target="y", filter="alpha >= 0 and model not in [m1, m2]"), holdout=held)
    assert facts["n"] == 28
    assert list(facts["holdout"][0]["predictions"]) == ["m0", "m3", "m4", "m5"]
    assert any("not applied" in note for note in facts["notes"])


def test_measures_can_be_chosen_by_glob_and_by_record() -> None:
    only = analyze(plain(), AnalyzeSpec(target="y", measures=["v*"]))
    assert [e["measure"] for e in only["correlations"]] == ["vrm"]
    factor = analyze(plain(), AnalyzeSpec(target="y", measures=["alpha"]))
    assert [e["measure"] for e in factor["correlations"]] == ["alpha"]
    recorded = analyze(plain(), AnalyzeSpec(target="y"), ["vrm"])
    assert [e["measure"] for e in recorded["correlations"]] == ["vrm"]


def test_analysis_and_report_load_no_model_library() -> None:
    code = (
        "import sys, lmgeo.analysis.analyze, lmgeo.analysis.table, lmgeo.report.page;"
        "bad = {'torch', 'transformers', 'statsmodels', 'sklearn', 'datasets', 'faiss'} & set(sys.modules);"
        "sys.exit(str(bad) if bad else 0)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
