"""Suites in a study's plan: keys, names, columns, and what is refused before any work."""

from __future__ import annotations

import pytest

from lmgeo.api.studies import plan_study
from lmgeo.core.errors import SpecError, UnknownName


def keys(plan, *kinds):
    return {w.key for cell in plan.cells if not kinds or cell.kind in kinds for w in cell.wanted}


def wanted(plan, name):
    return {w.key for cell in plan.cells for w in cell.wanted if w.name == name}


BASE = "models.0.suite.base"


def test_rows_and_cells_of_a_suite(suite_study, write_study):
    plan = plan_study(write_study(suite_study))
    names = [row["model"] for row in plan.rows]
    assert names == [f"width={w}/{c}" for w in (16, 24) for c in ("default", "weight_decay=0.5")]
    assert [row["factors"]["configuration"] for row in plan.rows] == ["default", "weight_decay=0.5"] * 2
    assert [row["factors"]["weight_decay"] for row in plan.rows] == [0.1, 0.5] * 2
    assert all(row["factors"]["parameters"] > row["factors"]["body_parameters"] > 0 for row in plan.rows)
    kinds = [cell.kind for cell in plan.cells]
    assert {kind: kinds.count(kind) for kind in kinds} == {"pretrain": 4, "measure": 8, "losses": 4}
    assert set(plan.rows[0]["scores"]) == {"loss", "bpb", "loss.same", "bpb.same", "loss.round4"}
    assert len({cell.key for cell in plan.cells}) == len(plan.cells) == 16


def test_another_level_adds_its_own_keys_alone(suite_study, write_study):
    path = write_study(suite_study)
    before, after = plan_study(path), plan_study(path, ["models.0.suite.vary.0.weight_decay=[0.1, 0.5, 0.01]"])
    assert keys(before) < keys(after)
    assert len(after.cells) == len(before.cells) + 2 * 4


@pytest.mark.parametrize("setting", [f"{BASE}.even_checkpoints=4", f"{BASE}.log_checkpoints=true"])
def test_checkpoints_move_the_trajectory_and_not_the_model(suite_study, write_study, setting):
    path = write_study(suite_study)
    before, after = plan_study(path), plan_study(path, [setting])
    assert not wanted(before, "trajectory") & wanted(after, "trajectory")
    assert keys(before) - wanted(before, "trajectory") == keys(after) - wanted(after, "trajectory")


@pytest.mark.parametrize(
    "setting", ["sequences=9", "measures=[mean_cosine]", "sites=[embeddings]", "tokens=[all]", "weights=[embedding]",
                "loss_tokens=99", "seed=1", "corpus=pycode"],
)  # fmt: skip
def test_each_setting_of_a_trajectory_moves_its_key_alone(suite_study, write_study, setting):
    path = write_study(suite_study)
    before, after = plan_study(path), plan_study(path, [f"trajectory.{setting}"])
    assert not wanted(before, "trajectory") & wanted(after, "trajectory")
    assert keys(before) - wanted(before, "trajectory") == keys(after) - wanted(after, "trajectory")


def test_minutes_move_nothing_and_kept_checkpoints_move_the_model(suite_study, write_study):
    path = write_study(suite_study)
    plain = plan_study(path)
    assert keys(plan_study(path, [f"{BASE}.minutes=5"])) == keys(plain)
    assert not keys(plan_study(path, [f"{BASE}.keep_checkpoints=true"])) & keys(plain)


@pytest.mark.parametrize(
    ("setting", "moved"),
    [
        ("most_tokens=99", {"loss", "bpb", "loss.same", "bpb.same", "loss.round4"}),
        ("group=8", {"loss.round4"}),
        ("corpora={same: pydocs}", {"loss.same", "bpb.same"}),
        ("round=[3]", {"loss.round4"}),
    ],
)
def test_a_setting_of_losses_moves_the_keys_that_it_is_part_of(suite_study, write_study, setting, moved):
    path = write_study(suite_study)
    before, after = plan_study(path), plan_study(path, [f"losses.{setting}"])
    gone = keys(before) - keys(after)
    assert {w.name for cell in before.cells for w in cell.wanted if w.key in gone} == moved
    assert keys(before, "pretrain", "measure") == keys(after, "pretrain", "measure")


def test_a_model_is_calibrated_on_what_it_was_trained_on_without_what_it_is_scored_on(suite_study, write_study):
    own = suite_study["models"][0]["suite"]["base"]["corpus"]
    elsewhere = own.replace("text:/", "text:/./")
    for calibration, part in ((None, "training"), (elsewhere, "training"), (f"{own}+{own}", "all"), ("pydocs", "all")):
        losses = {**suite_study["losses"], "gptq": [4], "calibration": calibration}
        cells = plan_study(write_study({**suite_study, "losses": losses})).cells
        parts = [p for cell in cells if cell.kind == "losses" for p in cell.spec["parts"] if p["kind"] == "gptq"]
        assert [p["settings"]["part"] for p in parts] == [part] * 4


def test_all_losses_of_a_model_are_one_cell_whichever_are_wanted(suite_study, write_study):
    path = write_study(suite_study)
    before, after = plan_study(path), plan_study(path, ["losses.noise=[0.3]"])
    assert [c.key for c in before.cells] == [c.key for c in after.cells]


def test_one_training_wanted_twice_is_one_cell_that_is_looked_at(suite_study, write_study):
    alone = plan_study(write_study(suite_study))
    base = suite_study["models"][0]["suite"]["base"]
    plain = {key: value for key, value in {**base, "width": 16}.items() if key != "even_checkpoints"}
    for models in ([{"pretrain": plain}, *suite_study["models"]], [*suite_study["models"], {"pretrain": plain}]):
        plan = plan_study(write_study({**suite_study, "models": models}))
        assert keys(plan) == keys(alone)
        assert wanted(plan, "trajectory") == wanted(alone, "trajectory")
        assert [row["model"] for row in plan.rows] == [row["model"] for row in alone.rows]
        assert len(plan.notes) == 1
        assert plan.notes[0].endswith("one model, one row")


def test_a_training_in_other_words_is_one_model(study, write_study):
    shape = {"steps": 3, "max_length": 32, "vocabulary": 512, "architecture": "olmo2"}
    models = [{"size": "0.1M"}, {"width": 24, "layers": 2, "heads": 2}, {"width": 24, "layers": 2, "heads": 1}]
    study["models"] = [{"pretrain": {**shape, **model}} for model in models]
    plan = plan_study(write_study(study))
    assert len([cell for cell in plan.cells if cell.kind == "pretrain"]) == 2
    assert len({row["model"] for row in plan.rows if not row["factors"].get("alpha")}) == 2
    assert len(plan.notes) == 1


def test_one_training_looked_at_in_two_ways_is_refused(suite_study, write_study):
    base = suite_study["models"][0]["suite"]["base"]
    suite_study["models"].append({"pretrain": {**base, "width": 16, "even_checkpoints": 4}, "name": "again"})
    with pytest.raises(SpecError, match="width=16/default and again are one training with unlike checkpoints"):
        plan_study(write_study(suite_study))


def test_untrained_twins_share_nothing_but_the_training(suite_study, write_study):
    trained = plan_study(write_study(suite_study))
    suite_study["models"][0]["untrained"] = [None, 0]
    plan = plan_study(write_study(suite_study))
    names = [row["model"] for row in plan.rows]
    assert names[:2] == ["width=16/default", "width=16/default-untrained0"]
    assert len(set(names)) == 8
    assert {row["trajectory"] for row in plan.rows[1::2]} == {None}
    assert keys(plan, "pretrain") == keys(trained, "pretrain")
    assert len(keys(plan, "measure", "losses")) == 2 * len(keys(trained, "measure", "losses"))


@pytest.mark.parametrize(
    ("setting", "error", "said"),
    [
        ("trajectory.sites=[finall]", UnknownName, r"key trajectory: unknown site 'finall'.*did you mean 'final'"),
        ("trajectory.sites=[block.1]", UnknownName, "block.1"),
        ("trajectory.measures=[efective_rank]", UnknownName, "key trajectory: .*did you mean 'effective_rank'"),
        ("trajectory.weights=[unembeding]", UnknownName, "key trajectory: .*did you mean 'unembedding'"),
        ("trajectory.corpus=text:/nowhere.txt", SpecError, "key trajectory: .*/nowhere.txt"),
        (f"{BASE}.even_checkpoints=0", SpecError, "no model of this study has checkpoints"),
        ("losses.corpora={x: 'text:/nowhere.txt'}", SpecError, "key losses: .*/nowhere.txt"),
        ("losses.finetune={corpus: 'text:/nowhere.txt'}", SpecError, "key losses: .*/nowhere.txt"),
        ("losses.noise=[0.3, 0.3000000001]", SpecError, "0.3 stands twice"),
        (f"{BASE}.architecture=modernbert", SpecError, "key losses: .*predicts no next token"),
        (f"{BASE}.corpus=text:/nowhere.txt", SpecError, "/nowhere.txt"),
    ],
)
def test_mistakes_are_named_before_any_work(suite_study, write_study, setting, error, said):
    with pytest.raises(error, match="(?s)" + said):
        plan_study(write_study(suite_study), [setting])


def test_matrices_by_name_may_be_followed(suite_study, write_study):
    asked = ["embedding", "model.layers.0.mlp.up_proj.weight"]
    plan = plan_study(write_study(suite_study), [f"trajectory.weights=[{', '.join(asked)}]"])
    followed = [cell.spec["trajectory"]["weights"] for cell in plan.cells if "trajectory" in cell.spec]
    assert followed
    assert all(weights == asked for weights in followed)


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        (["trajectory.sites=[]", "trajectory.weights=[]"], "nothing to look at: sites"),
        (["trajectory.sites=[]", "trajectory.measures=[uniformity]"], "measures uniformity"),
        (["losses.noise=[1.0e300]"], "losses.noise"),
    ],
)
def test_what_would_fail_every_training_is_refused_before_any(suite_study, write_study, settings, said):
    path = write_study(suite_study)
    with pytest.raises(SpecError) as error:
        plan_study(path, settings)
    assert said in error.value.what


SMALL = {"architecture": "olmo2", "width": 16, "layers": 1, "max_length": 32, "vocabulary": 512, "batch_size": 4}


def test_names_are_those_of_the_study_without_the_repeats(study, write_study, tmp_path):
    text = tmp_path / "text.txt"
    text.write_text("".join(f"sentence number {i} of a short text\n" for i in range(200)))
    once = {**SMALL, "corpus": f"text:{text}", "steps": 20, "learning_rate": [0.01, 0.02]}
    again = {**SMALL, "corpus": f"text:{tmp_path}/./text.txt", "tokens": 20 * 4 * 32, "learning_rate": 0.1}
    study["models"] = [{"pretrain": once}, {"pretrain": {**again, "learning_rate_factor": 0.1, "micro_batch": 4}}]
    plan = plan_study(write_study(study))
    bases = {row["factors"]["base"] for row in plan.rows}
    assert bases == {f"olmo2-16x1(learning_rate={rate})" for rate in (0.01, 0.02)}
    assert len(plan.notes) == 1
    assert plan.notes[0].endswith(" is the training of olmo2-16x1(learning_rate=0.01): one model, one row")


def test_columns_say_what_a_default_comes_to(study, write_study):
    tokens = {"batch_size": 4, "max_length": 32, "tokens": 40 * 4 * 32}
    models = [{**SMALL, "steps": 20, "heads": 1}, {**SMALL, **tokens}, {**SMALL, **tokens, "heads": 2}]
    models += [{**SMALL, "architecture": "gpt_neox", "steps": 20, **own} for own in ({}, {"parallel": False})]
    study["models"] = [{"pretrain": model} for model in models]
    rows = {row["factors"]["base"]: row["factors"] for row in plan_study(write_study(study)).rows}
    told = [[row[name] for name in ("steps", "pretrain_tokens", "heads", "parallel")] for row in rows.values()]
    short, long = [20, 20 * 4 * 32], [40, 40 * 4 * 32]
    assert told == [[*short, 1, False], [*long, 1, False], [*long, 2, False], [*short, 1, True], [*short, 1, False]]
