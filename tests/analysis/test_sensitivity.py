"""A specification curve: every setting on its own, scores joined by model, one bootstrap as everywhere."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from lmgeo.analysis.analyze import analyze
from lmgeo.core.spec.blocks import AnalyzeSpec


def models(n: int = 24, seed: int = 0) -> tuple[list[str], np.ndarray]:
    return [f"tiny|noise(alpha={i},seed=1)" for i in range(n)], np.random.default_rng(seed).normal(size=n)


def study(settings: list[dict], noise: list[float], n: int = 24) -> pd.DataFrame:
    """A study's table: each setting's measure is the score plus noise of its own size."""
    names, score = models(n)
    random = np.random.default_rng(1)
    parts = []
    for setting, size in zip(settings, noise, strict=True):
        suffix = "".join(f"|{k}={v}" for k, v in setting.items())
        part = {"model": [name + suffix for name in names], "base": "tiny", "kind": "noise", "alpha": range(n)}
        measures = {"final.eee": score + size * random.normal(size=n), "final.vrm": -score + random.normal(size=n)}
        parts.append(pd.DataFrame({**part, **setting, **measures, "score.average": score}))
    return pd.concat(parts, ignore_index=True)


FOUR = [
    {"protocol": "default", "sequences": 100},
    {"protocol": "default(bits=6)", "sequences": 100},
    {"protocol": "default", "sequences": 200},
    {"protocol": "default", "sequences": 50},
]
MEASURES = ["final.eee", "final.vrm"]


def of(facts: dict, measure: str) -> list[dict]:
    return [e for e in facts["sensitivity"]["specifications"] if e["measure"] == measure]


def test_each_setting_is_estimated_on_its_own() -> None:
    table = study(FOUR, [0.1, 0.5, 1.0, 2.0])
    facts = analyze(table, AnalyzeSpec(), MEASURES)
    found = facts["sensitivity"]
    assert found["axes"] == {"sequences": ["100", "200", "50"], "protocol": ["default", "default(bits=6)"]}
    assert [e["settings"] for e in of(facts, "eee")] == [
        {"sequences": str(s["sequences"]), "protocol": s["protocol"]} for s in FOUR
    ]
    for setting, entry in zip(FOUR, of(facts, "eee"), strict=True):
        rows = table[(table["protocol"] == setting["protocol"]) & (table["sequences"] == setting["sequences"])]
        r, p = stats.pearsonr(rows["final.eee"], rows["score.average"])
        assert entry["n"] == 24
        assert entry["pearson"] == pytest.approx(r, abs=1e-12)
        assert entry["p"] == pytest.approx(p, rel=1e-9)
        assert entry["spearman"] == pytest.approx(
            stats.spearmanr(rows["final.eee"], rows["score.average"])[0], abs=1e-12
        )
        low, high = entry["pearson_ci"]
        assert low < entry["pearson"] < high
    summary = found["measures"][0]
    values = [e["pearson"] for e in of(facts, "eee")]
    assert summary == {
        "measure": "eee", "settings": 4, "pearson_median": float(np.median(values)), "pearson_min": min(values),
        "pearson_max": max(values), "same_sign": True, "significant": sum(e["p"] <= 0.05 for e in of(facts, "eee")),
    }  # fmt: skip


def test_the_first_setting_says_what_the_main_analysis_says() -> None:
    facts = analyze(study(FOUR, [0.1, 0.5, 1.0, 2.0]), AnalyzeSpec(seed=3), MEASURES)
    for main in facts["correlations"]:
        entry = of(facts, main["measure"].removeprefix("final."))[0]
        for name in ("n", "pearson", "spearman", "p"):
            assert entry[name] == pytest.approx(main[name], abs=1e-12)
        assert entry["pearson_ci"] == pytest.approx(main["pearson_ci"], abs=1e-9)


def test_intervals_draw_clusters_whole() -> None:
    table = study(FOUR[:2], [0.5, 0.5])
    alone = of(analyze(table, AnalyzeSpec(), MEASURES), "eee")[0]
    twice = pd.concat([table, table.assign(model=table["model"] + "'")], ignore_index=True).assign(noise_seed=1)
    twice.loc[len(table) :, "noise_seed"] = 2
    facts = analyze(twice, AnalyzeSpec(), MEASURES)
    assert facts["clusters"] == {"by": "seed group", "count": 24}
    # every model stands twice, and its copies are drawn together: nothing more is known than from one
    assert of(facts, "eee")[0]["n"] == 48
    assert of(facts, "eee")[0]["pearson_ci"] == pytest.approx(alone["pearson_ci"], abs=1e-9)


def test_a_score_that_stands_in_some_rows_only_belongs_to_the_model() -> None:
    table = study(FOUR, [0.1, 0.5, 1.0, 2.0])
    whole = analyze(table, AnalyzeSpec(), MEASURES)["sensitivity"]
    gaps = table.copy()
    gaps.loc[24:, "score.average"] = np.nan
    assert analyze(gaps, AnalyzeSpec(), MEASURES)["sensitivity"] == whole
    # a model scored nowhere stays without a score
    gaps.loc[3, "score.average"] = np.nan
    assert {e["n"] for e in of(analyze(gaps, AnalyzeSpec(), MEASURES), "eee")} == {23}


def test_scores_that_differ_between_settings_are_not_carried_over() -> None:
    table = study(FOUR[:2], [0.1, 0.5])
    table.loc[24:, "score.average"] += 1
    table.loc[30, "score.average"] = np.nan
    assert [e["n"] for e in of(analyze(table, AnalyzeSpec(), MEASURES), "eee")] == [24, 23]


def test_fine_tuning_is_a_setting_with_scores_of_its_own() -> None:
    table = study([{"finetune_epochs": 1}, {"finetune_epochs": 2}], [0.1, 0.1])
    table.loc[24:, "final.eee"] = table["final.eee"].iloc[:24].to_numpy()
    table.loc[24:, "score.average"] = np.random.default_rng(5).normal(size=24)
    entries = of(analyze(table, AnalyzeSpec(), MEASURES), "eee")
    assert [e["settings"] for e in entries] == [{"finetune_epochs": "1"}, {"finetune_epochs": "2"}]
    assert entries[0]["pearson"] > 0.9 > abs(entries[1]["pearson"])


def test_settings_that_leave_a_measure_as_it_is_are_counted_once() -> None:
    table = study(FOUR, [0.1, 0.5, 1.0, 2.0])
    same = table.loc[table["sequences"] == 100].index
    table.loc[same[24:], "final.vrm"] = table.loc[same[:24], "final.vrm"].to_numpy()  # no protocol enters it
    table.loc[same[24:]] = table.loc[same[24:][::-1]].to_numpy()  # in whatever order the rows come
    table = table.astype({"final.eee": float, "final.vrm": float, "score.average": float})
    table["sequences"] = table["sequences"].astype(int)
    facts = analyze(table, AnalyzeSpec(), MEASURES)
    assert [m["settings"] for m in facts["sensitivity"]["measures"]] == [4, 3]


def test_sites_are_a_setting_and_matrices_are_not() -> None:
    table = study(FOUR[:2], [0.1, 0.5])
    random = np.random.default_rng(2)
    for column in ("block.0.eee", "unembedding.eee"):
        table[column] = random.normal(size=len(table))
    facts = analyze(table, AnalyzeSpec(), [*MEASURES, "block.0.eee", "unembedding.eee"])
    assert facts["sensitivity"]["axes"] == {"protocol": ["default", "default(bits=6)"], "site": ["final", "block.0"]}
    assert [m["measure"] for m in facts["sensitivity"]["measures"]] == ["eee", "vrm", "unembedding.eee"]
    assert [e["settings"]["site"] for e in of(facts, "eee")] == ["final", "final", "block.0", "block.0"]
    assert all("site" not in e["settings"] for e in of(facts, "unembedding.eee"))
    one = analyze(table.iloc[:24], AnalyzeSpec(), [*MEASURES, "block.0.eee"])["sensitivity"]
    assert one["axes"] == {"site": ["final", "block.0"]}
    assert [m["settings"] for m in one["measures"]] == [2, 1]


def test_a_site_measured_under_one_setting_only() -> None:
    table = study(FOUR[:2], [0.1, 0.5]).assign(**{"block.0.eee": np.nan})
    table.loc[:23, "block.0.eee"] = np.random.default_rng(2).normal(size=24)
    entries = of(analyze(table, AnalyzeSpec(), [*MEASURES, "block.0.eee"]), "eee")
    assert [e["settings"]["site"] for e in entries] == ["final", "final", "block.0"]


def test_the_filter_holds_here_too_but_not_the_first_setting() -> None:
    table = study(FOUR, [0.1, 0.5, 1.0, 2.0])
    facts = analyze(table, AnalyzeSpec(filter="alpha >= 4 and sequences != 50"), MEASURES)
    assert facts["sensitivity"]["axes"]["sequences"] == ["100", "200"]
    assert {e["n"] for e in of(facts, "eee")} == {20}
    assert analyze(table, AnalyzeSpec(filter="sequences == 200"), MEASURES)["sensitivity"] is None


def test_one_setting_has_no_curve() -> None:
    table = study(FOUR[:1], [0.1])
    assert analyze(table, AnalyzeSpec(), MEASURES)["sensitivity"] is None
    plain = table.rename(columns={"final.eee": "eee", "score.average": "y"})[["model", "eee", "y"]]
    assert analyze(plain, AnalyzeSpec(target="y"))["sensitivity"] is None
    budgets = plain.assign(tokens=range(24))  # a training choice: each model has its own
    assert analyze(budgets, AnalyzeSpec(target="y"))["sensitivity"] is None


def test_signs_that_turn_are_told() -> None:
    table = study(FOUR[:2], [0.1, 0.1])
    table.loc[24:, "final.eee"] *= -1
    summary = analyze(table, AnalyzeSpec(), MEASURES)["sensitivity"]["measures"][0]
    assert summary["same_sign"] is False
    assert (summary["settings"], summary["significant"]) == (2, 2)
    assert summary["pearson_min"] < -0.9 < 0.9 < summary["pearson_max"]


def test_a_measure_does_not_move_with_the_others_asked_for() -> None:
    table = study(FOUR, [0.1, 0.5, 1.0, 2.0])
    table.loc[5, "final.vrm"] = np.nan
    both = of(analyze(table, AnalyzeSpec(), MEASURES), "eee")
    assert of(analyze(table, AnalyzeSpec(), MEASURES[:1]), "eee") == both


@pytest.mark.parametrize(
    "spoil",
    [
        {"final.eee": 1.0},
        {"final.eee": np.nan},
        {"final.eee": np.inf},
        {"score.average": 1.0},
        {"final.eee": 1e308},
    ],
)
def test_what_cannot_be_had_is_null_with_a_reason(spoil: dict) -> None:
    facts = analyze(study(FOUR, [0.1] * 4).assign(**spoil), AnalyzeSpec(), MEASURES)
    json.dumps(facts, allow_nan=False)
    for entry in of(facts, "eee"):
        assert entry["pearson"] is entry["pearson_ci"] is entry["p"] is None
        assert entry["reason"]
    summary = facts["sensitivity"]["measures"][0]
    assert summary["pearson_median"] is summary["same_sign"] is None
    assert summary["significant"] == 0
    assert summary["reason"] == "no setting has a correlation"


def test_few_rows_and_missing_settings() -> None:
    table = study(FOUR, [0.1] * 4, n=2)
    table.loc[0, "protocol"] = None
    facts = analyze(table, AnalyzeSpec(), MEASURES)
    json.dumps(facts, allow_nan=False)
    assert all(e["reason"].startswith(("2 complete rows", "1 complete rows")) for e in of(facts, "eee"))


def test_the_same_twice_over() -> None:
    table = study(FOUR, [0.1, 0.5, 1.0, 2.0])
    first, again = (json.dumps(analyze(table, AnalyzeSpec(seed=2), MEASURES)["sensitivity"]) for _ in range(2))
    assert first == again
