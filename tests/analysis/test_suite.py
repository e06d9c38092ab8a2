"""A training suite: what was planted is found, diverged runs are left out, configurations are held out whole."""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path
from types import ModuleType

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from lmgeo.analysis.analyze import analyze
from lmgeo.analysis.clusters import clusters_of, held_out_together
from lmgeo.analysis.columns import measure_columns, predictor
from lmgeo.analysis.data import choices_of
from lmgeo.analysis.level_means import level_means
from lmgeo.analysis.saturation import saturation
from lmgeo.analysis.settings import first_setting
from lmgeo.core.errors import NotEnoughData, SpecError
from lmgeo.core.spec.blocks import AnalyzeSpec
from tests.analysis.whole import data_of

PATH = Path(__file__).resolve().parents[2] / "benchmarks" / "simulated_suite.py"


@pytest.fixture(scope="module")
def benchmark() -> ModuleType:
    spec = importlib.util.spec_from_file_location("simulated_suite", PATH)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def suite(benchmark: ModuleType) -> pd.DataFrame:
    return benchmark.suite(np.random.default_rng(5), 0.0)


def test_the_suite_is_six_sizes_of_eighteen_runs_one_change_at_a_time(suite: pd.DataFrame) -> None:
    assert len(suite) == 108
    assert suite.groupby("size").size().tolist() == [18] * 6
    assert suite["model"].is_unique
    assert suite["configuration"].nunique() == 15


def test_rank_that_goes_with_loss_by_size_alone(benchmark: ModuleType) -> None:
    found = benchmark.run("none", 12)
    assert found["raw Spearman"] < -0.8
    assert found["its interval holds 0"] >= 0.9  # partial
    assert abs(found["ΔR², least squares"]) < 0.005
    assert found["its interval holds 0 "] >= 0.75  # ΔR²: 95 % is expected; fewer than 9 of 12 by chance 1 in 5,000
    assert abs(found["mixed slope"]) < 0.03
    assert found["loss is a U in batch"] >= 0.75
    for name in ("batch_size", "weight_decay", "final_fraction"):
        assert found[f"{name} raises rank, clear of 0"] >= 0.75
    assert found["rank rises in batch"] == 1.0


def test_rank_that_has_an_effect_of_its_own(benchmark: ModuleType) -> None:
    found = benchmark.run("direct", 12)
    assert found["raw Spearman"] < -0.8
    assert found["partial Spearman"] < -0.5
    assert found["its interval holds 0"] == 0.0
    assert found["ΔR², least squares"] > 0.1
    assert found["its interval holds 0 "] <= 0.6  # fifteen configurations held out whole tell it in two tables of three
    assert found["its interval holds 0  "] == 0.0  # of the mixed slope


def test_diverged_runs_are_left_out_first_and_named(suite: pd.DataFrame) -> None:
    marked = suite.assign(diverged=[True, True] + [False] * 106)
    marked.loc[[0, 1], ["score.loss", "unembedding.effective_rank_pct"]] = [1e9, 0.1]
    spec = AnalyzeSpec(target="score.loss", measures=["*effective_rank_pct"])
    found, clean = analyze(marked, spec), analyze(suite.iloc[2:], spec)
    assert found["dropped"] == [{"rows": 2, "reason": "training diverged"}]
    assert found["n"] == 108
    assert found["correlations"] == clean["correlations"]
    assert found["saturation"] == clean["saturation"]
    assert f"training diverged, so left out: {suite['model'][0]}, {suite['model'][1]}" in found["notes"]


@pytest.mark.parametrize("said", [["True", "False", ""], ["yes", "no", None], [1, 0, np.nan], [True, False, False]])
def test_divergence_is_read_however_a_table_says_it(said: list[object]) -> None:
    table = pd.DataFrame({"y": np.arange(12.0), "m": np.arange(12.0) ** 2, "diverged": said * 4})
    assert analyze(table, AnalyzeSpec(target="y", measures=["m"]))["dropped"][0]["rows"] == 4


def test_divergence_that_says_neither_is_refused_and_all_diverged_is_no_table() -> None:
    table = pd.DataFrame({"y": [1.0, 2.0], "m": [2.0, 1.0], "diverged": ["no", "maybe"]})
    with pytest.raises(SpecError, match=r"'maybe' in data row 2"):
        analyze(table, AnalyzeSpec(target="y"))
    with pytest.raises(NotEnoughData, match="all 2 models diverged"):
        analyze(table.assign(diverged=True), AnalyzeSpec(target="y"))


def test_counts_of_training_are_never_measures(suite: pd.DataFrame) -> None:
    more = suite.assign(body_parameters=1.0, trained_tokens=1.0, progress=1.0, diverged=0)
    assert measure_columns(more, "score.loss", None, [])[0] == ["unembedding.effective_rank_pct"]


def test_columns_that_tell_each_other_are_one_choice(suite: pd.DataFrame) -> None:
    width = suite["parameters"].rank(method="dense") * 32
    more = suite.assign(width=width, layers=np.where(width > 96, 4, 2), heads=width // 32, decay_fraction=width)
    expected = ["size", "batch_size", "final_fraction", "learning_rate_factor", "pretrain_tokens", "weight_decay"]
    assert choices_of(more, []) == expected
    assert choices_of(more.drop(columns="size"), [])[0] == "parameters"
    assert choices_of(more, ["width", "layers"]) == ["width", "layers"]  # as they are named


def test_seeds_are_one_cluster_and_configurations_are_held_out_whole(suite: pd.DataFrame) -> None:
    clusters = clusters_of(suite)
    assert (clusters.by, clusters.count) == ("training configuration", 90)
    held = held_out_together(suite, clusters)
    assert (held.by, held.count) == ("configuration", 15)
    assert (suite.groupby(held.labels)["configuration"].nunique() == 1).all()
    few = suite[suite["configuration"].isin(["default", "batch_size=4"])]
    assert held_out_together(few, clusters_of(few)).by == "training configuration"


def test_what_counts_sizes_and_strengths_enters_by_its_logarithm() -> None:
    table = pd.DataFrame({"flops": [1e3, 1e6, np.nan], "final_fraction": [0.5, 0.0, 0.1], "width": [32, 64, 128]})
    assert predictor(table, "flops")[:2].tolist() == [3.0, 6.0]
    assert np.isnan(predictor(table, "flops")[2])
    assert predictor(table, "final_fraction").tolist() == [2.0, 0.0, 1.0]
    assert predictor(table, "width").tolist() == [32.0, 64.0, 128.0]


def test_level_means_equal_paired_differences_by_hand(suite: pd.DataFrame) -> None:
    spec = {"target": "score.loss", "measures": ["*effective_rank_pct"]}
    found = level_means(data_of(suite, **spec))
    json.dumps(found, allow_nan=False)
    by_choice = {e["choice"]: e for e in found if e.get("target")}
    assert set(by_choice) == {
        "batch_size", "batch_size+pretrain_tokens", "final_fraction", "learning_rate_factor", "weight_decay",
    }  # fmt: skip
    levels = {e["level"]: e for e in by_choice["batch_size"]["levels"]}
    of = suite.groupby(["size", "configuration"])["score.loss"].mean().unstack()
    pairs = of["batch_size=4"] - of["default"]
    low, high = stats.t.interval(0.95, 5, pairs.mean(), pairs.sem())
    assert list(levels) == [4, 8, 16, 32, 64]
    assert levels[4]["difference"] == pytest.approx(pairs.mean())
    assert levels[4]["ci"] == pytest.approx([low, high])
    assert (levels[16]["difference"], levels[4]["pairs"]) == (0.0, 6)
    assert by_choice["batch_size"]["shape"] == "U"
    assert by_choice["batch_size"]["turn"] in (8, 16, 32)
    assert by_choice["final_fraction"]["shape"] == "rises"


def test_level_means_of_tables_without_choices_or_of_steps(suite: pd.DataFrame) -> None:
    plain = suite[["model", "score.loss", "unembedding.effective_rank_pct"]]
    assert level_means(data_of(plain, target="score.loss", measures=["*rank_pct"])) == []
    steps = pd.concat([suite.assign(base=suite["model"], step=s) for s in (1, 2, 3)]).reset_index(drop=True)
    steps["model"] = [f"r{i}" for i in range(len(steps))]
    assert level_means(data_of(steps, target="score.loss", measures=["*rank_pct"])) == []


def test_level_means_are_of_the_suites_own_runs_as_trained(suite: pd.DataFrame) -> None:
    spec = {"target": "score.loss", "measures": ["*rank_pct"]}
    alone = level_means(data_of(suite, **spec))
    twins = suite.assign(untrained=0, **{"score.loss": 7.6})
    noisy = suite.assign(kind="noise", **{"score.loss": 9.0})
    rank = "unembedding.effective_rank_pct"
    elsewhere = pd.DataFrame({"model": ["pythia"], "score.loss": [1.0], rank: [2.0]})
    found = level_means(data_of(pd.concat([elsewhere, suite, twins, noisy], ignore_index=True), **spec))
    json.dumps(found, allow_nan=False)
    assert found == alone


def test_a_run_that_was_not_told_a_choice_has_a_level_of_its_own(suite: pd.DataFrame) -> None:
    told = suite.assign(micro_batch=np.where(suite["weight_decay"] == 0.5, np.nan, 4.0))
    found = level_means(data_of(told, target="score.loss", measures=["*rank_pct"]))
    json.dumps(found, allow_nan=False)
    own = next(e for e in found if e["choice"] == "micro_batch+weight_decay" and e.get("target"))
    assert [level["pairs"] for level in own["levels"]] == [6, 6]


def test_noise_alone_turns_as_rarely_as_stated(suite: pd.DataFrame) -> None:
    random, shapes = np.random.default_rng(2), []
    for _ in range(40):
        noise = suite.assign(y=random.normal(size=108), m=random.normal(size=108))
        shapes += [e["shape"] for e in level_means(data_of(noise, measures=["m"])) if e["choice"] == "batch_size"]
    assert len(shapes) == 80
    assert sum(shape in ("U", "inverse U") for shape in shapes) <= 4


def courses(name: str, late: float, **factors: object) -> pd.DataFrame:
    at = np.arange(0, 3000, 200)
    rise = late * np.clip(at / 3000 - 0.6, 0, None)
    loss = 3 + 2 * np.exp(-at / 500) + rise + 0.01 * np.random.default_rng(len(name)).normal(size=len(at))
    return pd.DataFrame(
        {"base": name, "step": at, "score.loss": loss, "unembedding.effective_rank": 50 - rise, **factors}
    )


def test_twins_differ_in_one_thing_alone() -> None:
    same = {"architecture": "stablelm", "width": 64, "pretrain_seed": 0, "tied": False}
    runs = [courses("a", 0.0, **same, parallel=False), courses("bb", 5.0, **same, parallel=True),
            courses("ccc", 0.0, **{**same, "width": 32}, parallel=True),
            courses("dddd", 0.0, **{**same, "pretrain_seed": 1}, parallel=True)]  # fmt: skip
    table = pd.concat(runs, ignore_index=True)
    found = analyze(
        table.assign(model=[f"m{i}" for i in range(len(table))]),
        AnalyzeSpec(target="score.loss", measures=["*effective_rank"]),
    )["twins"]
    assert {e["column"] for e in found} == {"score.loss", "unembedding.effective_rank"}
    assert [(e["choice"], e["between"], e["runs"]) for e in found] == [("parallel", ["False", "True"], ["a", "bb"])] * 2
    loss = found[0]
    assert loss["values"] == [runs[0]["score.loss"].iloc[-1], runs[1]["score.loss"].iloc[-1]]
    assert loss["difference"] == pytest.approx(loss["values"][1] - loss["values"][0])
    assert loss["saturated"] == [False, True]
    assert loss["rank_fell"] == [False, True]


def test_twins_on_average_count_a_configuration_once() -> None:
    rng = np.random.default_rng(5)
    rows = [
        {"width": width, "pretrain_seed": seed, "tied": tied,
         "score.loss": 3 + width / 64 - 0.2 * tied + 0.05 * rng.normal()}
        for width in (16, 32, 64, 128)
        for seed in range(width // 16)  # unlike numbers of seeds: a mean of pairs would be another
        for tied in (False, True)
    ]  # fmt: skip
    table = pd.DataFrame(rows).assign(model=[f"m{i}" for i in range(len(rows))], m=rng.normal(size=len(rows)))
    found = analyze(table, AnalyzeSpec(target="score.loss", measures=["m"]))["twins_mean"]
    assert len(found) == 1
    wide = table.pivot(index=["width", "pretrain_seed"], columns="tied", values="score.loss")
    by_width = (wide[True] - wide[False]).groupby("width").mean()
    known = stats.ttest_1samp(by_width, 0).confidence_interval(0.95)
    assert found[0]["difference"] == pytest.approx(by_width.mean(), abs=1e-12)
    assert found[0]["ci"] == pytest.approx([known.low, known.high], abs=1e-12)
    counts = {key: found[0][key] for key in ("pairs", "configurations", "same_sign")}
    assert counts == {"pairs": 15, "configurations": 4, "same_sign": int((by_width < 0).sum())}


def test_copies_of_twins_are_no_further_configurations() -> None:
    rng = np.random.default_rng(6)
    rows = [
        {"model": f"{width}{seed}{tied}", "width": width, "pretrain_seed": seed, "tied": tied, "kind": None,
         "untrained": None, "score.loss": 3 - 0.2 * tied + 0.1 * rng.normal(), "m": rng.normal()}
        for width in (16, 32, 64) for seed in (0, 1) for tied in (False, True)
    ]  # fmt: skip
    own = pd.DataFrame(rows)
    noisy = own.assign(kind="noise", alpha=20, model=own["model"] + "/noise", m=own["m"] + 1)
    untrained = own.assign(untrained=0, model=own["model"] + "/untrained", **{"score.loss": 7.0}, m=own["m"] + 2)
    spec = AnalyzeSpec(target="score.loss", measures=["m"])
    alone, beside = (analyze(t, spec) for t in (own, pd.concat([own, noisy, untrained], ignore_index=True)))
    assert len(beside["twins"]) == 3 * len(alone["twins"])
    assert beside["twins_mean"] == alone["twins_mean"]
    assert alone["twins_mean"][0]["configurations"] == 3


def test_two_configurations_of_twins_have_no_interval() -> None:
    rows = [{"width": w, "tied": t, "score.loss": 3 + w / 64 - 0.1 * t} for w in (16, 32) for t in (False, True)]
    table = pd.DataFrame(rows).assign(model=list("abcd"), m=[1.0, 4.0, 2.0, 3.0])
    found = analyze(table, AnalyzeSpec(target="score.loss", measures=["m"]))["twins_mean"][0]
    assert (found["configurations"], found["same_sign"], found["ci"]) == (2, 2, None)
    assert found["difference"] == pytest.approx(-0.1)
    assert found["reason"] == "2 configurations; an interval needs 3"
    level = analyze(table.assign(**{"score.loss": 3.0}), AnalyzeSpec(target="m", measures=["score.loss"]))
    alike = next(e for e in level["twins_mean"] if e["column"] == "score.loss")
    assert (alike["difference"], alike["same_sign"]) == (0.0, 0)


def test_tokens_counted_are_no_measurement_setting() -> None:
    rows = pd.concat([courses(name, late) for name, late in (("a", 5.0), ("b", 0.0))], ignore_index=True)
    counted = rows.rename(columns={"step": "tokens"}).assign(protocol="default")
    assert len(first_setting(counted)[0]) == len(counted)
    found = saturation(data_of(counted, target="score.loss", measures=["*effective_rank"]))
    assert [(e["run"], e["steps"], e["saturated"]) for e in found] == [("a", 15, True), ("b", 15, False)]
    worded = counted.assign(tokens=np.tile(["all", "content", "last"], 10))
    assert len(first_setting(worded)[0]) == 10


def test_a_run_named_by_its_tokens_keeps_its_name() -> None:
    rows = pd.concat([courses(f"tiny/tokens={t}", 0.0, pretrain_tokens=t) for t in (1000, 2000)], ignore_index=True)
    found = saturation(data_of(rows, target="score.loss", measures=["*effective_rank"]))
    assert [e["run"] for e in found] == ["tiny/tokens=1000", "tiny/tokens=2000"]
