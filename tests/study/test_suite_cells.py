"""Suites done cell by cell, without a cluster: resumed, amended, looked at again, diverged, and texts that changed."""

from __future__ import annotations

import math
from pathlib import Path

import pytest

from lmgeo.api.studies import plan_study
from lmgeo.store.store import Store
from lmgeo.store.table import wide_table
from lmgeo.store.trajectories import trajectory_table
from lmgeo.study.execute import execute
from lmgeo.study.run import missing_cells

BASE = "models.0.suite.base"
ONE = ["models.0.suite.each.width=[16]", "models.0.suite.vary="]


@pytest.fixture
def store(tmp_path) -> Store:
    return Store(tmp_path / "store", create=True)


@pytest.fixture
def run(suite_study, write_study, store):
    """Runs what is missing of the study under some overrides; gives the labels of what was done."""

    def go(*settings: str) -> list[str]:
        plan = plan_study(write_study(suite_study), settings)
        store.write(f"plans/{plan.name}.json", plan.to_json())
        missing = missing_cells(plan, store)
        outcomes = [execute(cell, store.url) for cell in missing]
        assert [o["status"] for o in outcomes] == ["done"] * len(missing), list(store.documents("failures"))
        return [cell.label for cell in missing]

    return go


def files(store: Store) -> dict[str, bytes]:
    root = Path(store.root)
    return {str(p.relative_to(root)): p.read_bytes() for p in root.rglob("*") if p.is_file() and "plans" not in p.parts}


def test_a_finished_suite_has_nothing_to_do_and_a_level_more_is_its_own_work(run, store):
    assert len(run()) == 16
    before = files(store)
    assert run() == []
    assert files(store) == before
    added = run("models.0.suite.vary.0.weight_decay=[0.1, 0.5, 0.01]")
    assert len(added) == 8
    assert all("weight_decay=0.01" in label for label in added)
    after = files(store)
    assert {name: after[name] for name in before} == before
    table = wide_table(store)
    assert len(table) == 6
    numbers = [c for c in table.columns if "." in c]
    assert {"unembedding.effective_rank", "final.effective_rank", "score.loss", "score.loss.round4"} <= set(numbers)
    assert table[[*numbers, "parameters", "flops"]].notna().all(axis=None)


def test_other_checkpoints_train_again_beside_and_leave_the_model_as_it_is(run, store):
    run(*ONE)
    before = files(store)
    assert trajectory_table(store)["step"].tolist() == [0, 4, 8]
    assert run(*ONE, f"{BASE}.even_checkpoints=4") == ["train width=16/default"]
    after = files(store)
    assert {name: after[name] for name in before} == before
    assert [name for name in after if name not in before and not name.startswith("records/pretrain/")] == []
    table = trajectory_table(store)
    assert table["step"].tolist() == [0, 2, 4, 6, 8]
    # the second run is the first one over again
    ranks, (row,) = table["unembedding.effective_rank"], wide_table(store).to_dict("records")
    assert ranks.iloc[-1] == pytest.approx(row["unembedding.effective_rank"], rel=1e-12)


def test_a_model_that_was_not_looked_at_is_trained_again_to_be(run, store):
    run(*ONE, f"{BASE}.even_checkpoints=0", "trajectory=")
    before = files(store)
    assert run(*ONE) == ["train width=16/default"]
    after = files(store)
    assert {name: after[name] for name in before} == before
    assert trajectory_table(store)["step"].tolist() == [0, 4, 8]
    assert sorted(p.name for p in Path(store.root, "artefacts").iterdir()) == [
        name.split("/")[1] for name in before if name.endswith("training.json")
    ]


def test_other_losses_rerun_losses_alone_and_a_new_one_is_all_that_is_taken(run, store):
    run(*ONE)
    assert run(*ONE, "losses.most_tokens=60") == ["losses of width=16/default"]
    before = set(store.names("records/losses"))
    assert run(*ONE, "losses.most_tokens=60", "losses.round=[4, 3]") == ["losses of width=16/default"]
    (new,) = set(store.names("records/losses")) - before
    assert [result["name"] for result in store.read(new)["results"].values()] == ["loss.round3"]
    assert run(*ONE, "losses.most_tokens=60", "losses.finetune={corpus: pycode, steps: 2}") == [
        "losses of width=16/default"
    ]
    (last,) = set(store.names("records/losses")) - before - {new}
    found = {result["name"]: result["score"]["score"] for result in store.read(last)["results"].values()}
    assert set(found) == {"loss.finetuned", "bpb.finetuned", "loss.kept", "forgetting"}
    (row,) = wide_table(store).to_dict("records")
    assert found["forgetting"] == found["loss.kept"] - row["score.loss"]


def fail(plan, store: Store, kind: str) -> str:
    (cell,) = [cell for cell in plan.cells if cell.kind == kind]
    assert execute(cell, store.url)["status"] == "failed"
    (failure,) = store.documents("failures")
    return failure["error"]


@pytest.mark.parametrize(
    ("block", "said"),
    [
        ("{most_tokens: 50}", "the text that the model was trained on is not what it was"),
        ("{most_tokens: 50, in_domain: 'text:OTHER'}", "the text of a loss is not what it was"),
        ("{most_tokens: 50, in_domain: pydocs, corpora: {x: 'text:OTHER'}}", "the text of a loss is not what it was"),
        (
            "{most_tokens: 50, in_domain: pydocs, finetune: {corpus: 'text:OTHER', steps: 1}}",
            "the text to fine-tune on",
        ),
        ("{most_tokens: 50, in_domain: pydocs, gptq: [4], calibration: 'text:OTHER'}", "loss.gptq4 is calibrated on"),
    ],
)
def test_a_text_that_changed_since_the_plan_is_refused(
    suite_study, write_study, store, text_file, tmp_path, block, said
):
    own, other = tmp_path / "own.txt", tmp_path / "other.txt"
    own.write_text(text_file.read_text())
    other.write_text(text_file.read_text() + "one more line\n")
    path = write_study(suite_study)
    plan = plan_study(path, [*ONE, f"{BASE}.corpus=text:{own}", f"losses={block.replace('OTHER', str(other))}"])
    training, *_ = plan.cells
    assert execute(training, store.url)["status"] == "done"
    for text in (own, other):
        text.write_text(text.read_text() + "and another line\n")
    assert said in fail(plan, store, "losses")


def test_a_training_text_that_changed_is_refused(suite_study, write_study, store, text_file, tmp_path):
    own = tmp_path / "own.txt"
    own.write_text(text_file.read_text())
    plan = plan_study(write_study(suite_study), [*ONE, f"{BASE}.corpus=text:{own}"])
    own.write_text(own.read_text() + "and another line\n")
    assert "text to train on is not what it was" in fail(plan, store, "pretrain")
    assert not Path(store.root, "artefacts").exists()


@pytest.mark.parametrize("checkpoints", [2, 8, 0])
def test_a_run_that_ends_in_nan_is_a_result_without_values(run, store, checkpoints):
    """Whether a step sees it first, or a look at a checkpoint, or the grading at the end."""
    settings = [*ONE, f"{BASE}.even_checkpoints={checkpoints}", *(["trajectory="] if checkpoints == 0 else [])]
    run(*settings, f"{BASE}.learning_rate=1e30", f"{BASE}.warmup_fraction=0")
    (row,) = wide_table(store).to_dict("records")
    assert row["diverged"] is True
    values = [row[c] for c in row if c.startswith(("score.", "final.", "unembedding."))]
    assert len(values) == 7
    assert all(math.isnan(value) for value in values)
    assert list(Path(store.root).glob("artefacts/*")) == []  # nor is anything left half done
    reasons = {r["left_out"] for r in store.results().values() if "left_out" in r}
    assert len(reasons) == 1
    assert "diverged" in reasons.pop()
    assert trajectory_table(store).empty


def test_a_last_step_that_runs_away_is_found_by_the_grading(run, store):
    settings = {"steps": 1, "learning_rate": "1e30", "warmup_fraction": 0, "even_checkpoints": 0}
    run(*ONE, "trajectory=", *(f"{BASE}.{key}={value}" for key, value in settings.items()))
    (row,) = wide_table(store).to_dict("records")
    assert row["diverged"] is True


def test_losses_after_what_a_model_does_not_survive_are_left_out(run, store):
    run(*ONE, "losses.noise=[1.0e30]")
    (row,) = wide_table(store).to_dict("records")
    assert row["score.loss"] > 0
    assert math.isnan(row["score.loss.noise1e+30"])
    (record,) = store.documents("records/losses")
    assert any("not finite" in note for note in record["notes"])
