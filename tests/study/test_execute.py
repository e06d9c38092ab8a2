"""Cells done one by one, without a cluster: what they keep, how they fail and resume."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from lmgeo.api.studies import plan_study
from lmgeo.core.spec.blocks import EvaluateSpec
from lmgeo.store.store import Store
from lmgeo.store.table import wide_table
from lmgeo.study.execute import execute
from lmgeo.study.run import missing_cells, plan_status, run_cell


@pytest.fixture
def store(tmp_path) -> Store:
    return Store(tmp_path / "store", create=True)


def run_here(plan, store):
    store.write(f"plans/{plan.name}.json", plan.to_json())
    return [execute(cell, store.url) for cell in missing_cells(plan, store)]


def test_a_study_gives_its_table_and_then_has_nothing_to_do(study, write_study, store):
    plan = plan_study(write_study(study))
    outcomes = run_here(plan, store)
    assert [o["status"] for o in outcomes] == ["done"] * 9
    assert missing_cells(plan, store) == []
    table = wide_table(store)
    assert list(table.columns[:2]) == ["model", "base"]
    assert table["alpha"].tolist() == [0, 20, 50]
    wanted = ["final.eee", "final.lsq_patchiness", "final.lsq_patchiness.spread", "unembedding.eee", "score.rte"]
    assert table[[*wanted, "score.average"]].notna().all(axis=None)
    assert table.attrs["measures"] == ["final.eee", "final.lsq_patchiness", "unembedding.eee"]
    assert (table["score.rte"] == table["score.average"]).all()
    assert table["unembedding.eee"].nunique() == 1  # noise leaves the head alone


def test_noise_changes_the_cloud_and_its_seed_matters(study, write_study, store):
    study["perturb"][0]["noise"]["seed"] = [1, 2]
    del study["evaluate"]
    run_here(plan_study(write_study(study)), store)
    assert wide_table(store)["final.eee"].nunique() == 5


def test_adding_one_alpha_runs_only_its_cells(study, write_study, store):
    run_here(plan_study(write_study(study)), store)
    plan = plan_study(write_study(study), ["perturb.0.noise.alpha=[0, 20, 35, 50]"])
    new = missing_cells(plan, store)
    assert sorted(cell.kind for cell in new) == ["evaluate", "measure", "measure"]
    assert all("alpha=35" in cell.label for cell in new)


def test_a_new_measure_appends_a_file_and_reruns_nothing_else(study, write_study, store):
    run_here(plan_study(write_study(study)), store)
    before = {name: json.dumps(store.read(name)) for name in store.names("records/measure")}
    plan = plan_study(write_study(study), ["measure.measures=[eee, lsq_patchiness, vrm]", "measure.weights=[]"])
    assert {cell.kind for cell in missing_cells(plan, store)} == {"measure"}
    run_here(plan, store)
    after = store.names("records/measure")
    assert len(after) == len(before) + 3
    assert all(json.dumps(store.read(name)) == text for name, text in before.items())
    added = [store.read(name) for name in after if name not in before]
    assert all([r["name"] for r in record["results"].values()] == ["vrm"] for record in added)


def test_a_failing_cell_is_kept_and_the_rest_goes_on(study, write_study, store, task_folder, tmp_path):
    plan = plan_study(write_study(study))
    broken = tmp_path / "glue" / "RTE"
    broken.mkdir(parents=True)
    for cell in plan.cells:
        if cell.kind == "evaluate" and "alpha=20" in cell.label:
            cell.spec["evaluate"]["data"] = str(tmp_path / "glue")  # data that went away after planning
    outcomes = run_here(plan, store)
    assert sorted(o["status"] for o in outcomes) == ["done"] * 8 + ["failed"]
    found = plan_status([plan.to_json()], store)
    assert (found["total"], found["done"], found["failed"], found["missing"]) == (9, 8, 1, 0)
    assert set(found["failures"][0]) == {"key", "cell", "error", "mend"}
    assert str(tmp_path / "glue") in found["failures"][0]["error"]
    table = wide_table(store)
    assert table["score.average"].isna().tolist() == [False, True, False]
    run_here(plan_study(write_study(study)), store)  # the data is back
    assert plan_status([plan.to_json()], store)["done"] == 9
    assert store.names("failures") == []


def test_a_matrix_that_a_model_lacks_is_left_out_not_failed(study, write_study, store, checkpoint, tmp_path):
    from transformers import AutoModel, AutoTokenizer

    headless = tmp_path / "headless"
    AutoModel.from_pretrained(checkpoint).save_pretrained(headless)
    AutoTokenizer.from_pretrained(checkpoint).save_pretrained(headless)
    study["models"] = [{"path": str(headless)}]
    del study["evaluate"]
    plan = plan_study(write_study(study))
    assert {o["status"] for o in run_here(plan, store)} == {"done"}
    assert wide_table(store)["unembedding.eee"].isna().all()
    notes = [n for record in store.documents("records/measure") for n in record["notes"]]
    assert any("no unembedding" in note for note in notes)
    assert missing_cells(plan, store) == []


def test_scores_do_not_depend_on_what_ran_before(study, write_study, tmp_path):
    plan = plan_study(write_study(study))
    cells = [cell for cell in plan.cells if cell.kind == "evaluate"]
    stores = [Store(tmp_path / name, create=True) for name in ("a", "b")]
    for cell in cells:
        execute(cell, stores[0].url)
    for cell in reversed(cells):
        execute(cell, stores[1].url)
    assert {k: r["score"] for k, r in stores[0].results().items()} == {
        k: r["score"] for k, r in stores[1].results().items()
    }


def test_the_store_moves_to_another_place_with_its_results(study, write_study, store, tmp_path):
    run_here(plan_study(write_study(study)), store)
    moved = tmp_path / "moved"
    Path(store.root).rename(moved)
    assert len(wide_table(Store(moved))) == 3


def test_a_record_explains_its_own_key(study, write_study, store):
    from lmgeo.study.cells import measure_key, score_key
    from lmgeo.study.plan import score_settings

    run_here(plan_study(write_study(study)), store)
    for record in store.documents("records/measure"):
        spec = record["spec"]
        for key, result in record["results"].items():
            assert key == measure_key(spec["identity"], spec["sampling"], result["object"], result["identity"])
    for record in store.documents("records/evaluate"):
        spec = record["spec"]
        settings = score_settings(EvaluateSpec(**spec["evaluate"]))
        assert list(record["results"]) == [score_key(spec["identity"], spec["task_identity"], settings, spec["seed"])]


def test_content_that_changed_since_the_plan_fails_the_cell(study, write_study, store, text_file, tmp_path):
    import shutil

    text = tmp_path / "text.txt"
    shutil.copy(text_file, text)
    study["represent"]["corpus"] = f"text:{text}"
    del study["evaluate"]
    plan = plan_study(write_study(study))
    text.write_text(text.read_text() + "one more sentence that nobody planned for.\n")
    outcomes = {o["status"] for o in run_here(plan, store)}
    assert outcomes == {"failed", "done"}  # matrices need no text
    assert all("planned" in f["error"] for f in store.documents("failures"))
    assert not any(r["spec"]["represent"] for r in store.documents("records/measure"))


def test_a_finished_cell_is_not_done_twice(study, write_study, store):
    plan = plan_study(write_study(study))
    run_here(plan, store)
    before = {name: store.read(name) for name in store.names("records/measure")}
    assert {execute(cell, store.url)["status"] for cell in plan.cells} == {"done"}
    assert {name: store.read(name) for name in store.names("records/measure")} == before


def test_a_cell_whose_model_another_run_trains_is_left_to_it(study, write_study, store):
    cell = plan_study(write_study(study)).cells[-1]
    needs = [{"key": "base", "kind": "pretrain", "status": "claimed", "seconds": 0.0}]
    assert run_cell(cell.to_json(), store.url, "cpu", needs)["status"] == "claimed"
    assert store.names("failures") == []
    lost = run_cell(cell.to_json(), store.url, "cpu", [{**needs[0], "status": "failed"}])
    assert lost["status"] == "failed"
    assert "base" in store.read(f"failures/{cell.key}.json")["error"]


def test_two_studies_in_one_store_are_counted_and_laid_out_together(study, write_study, store):
    first = plan_study(write_study(study))
    run_here(first, store)
    study["name"] = "second"
    study["measure"]["measures"] = ["eee", "vrm"]
    study["represent"]["tokens"] = ["all", "last"]
    second = plan_study(write_study(study))
    store.write("plans/second.json", second.to_json())
    found = plan_status(store.documents("plans"), store)
    assert found["missing"] == 6  # three clouds lack vrm, three are new
    run_here(second, store)
    assert plan_status(store.documents("plans"), store)["missing"] == 0
    table = wide_table(store)
    assert table["model"].is_unique
    assert {"tiny", "tiny|tokens=last"} < set(table["model"])


def test_varied_settings_fill_their_rows_and_nothing_is_done_twice(study, write_study, store):
    study["perturb"] = []
    plain = plan_study(write_study(study))
    run_here(plain, store)
    study["vary"] = [
        {"represent": {"sampling": ["by_length", "balanced"]}},
        {"represent": {"tokens": "content"}},
        {"represent": {"sites": ["embeddings"]}},
        {"measure": {"protocol": "quickstart(bits=5)"}},
    ]
    plan = plan_study(write_study(study))
    assert (
        sum(len(cell.wanted) for cell in missing_cells(plan, store)) == 3 * 2 + 5
    )  # the centre again for what is new there
    assert {o["status"] for o in run_here(plan, store)} == {"done"}
    table = wide_table(store)
    assert table["sampling"].tolist() == ["uniform", "by_length", "balanced", "uniform", "uniform"]
    assert table["final.lsq_patchiness"].nunique() == 4  # one source: balanced is uniform
    values = dict(zip(table["model"], table["final.lsq_patchiness"], strict=True))
    named = "tiny|sampling={}|tokens={}|protocol={}"
    assert values[named.format("balanced", "all", "quickstart")] == values[named.format("uniform", "all", "quickstart")]
    assert table["embeddings.eee"].notna().tolist() == [True, False, False, False, False]
    assert table["score.average"].notna().all()
    assert table["score.average"].nunique() == 1
    notes = [n for record in store.documents("records/measure") for n in record["notes"]]
    assert any("has one source, so this is the uniform sample" in note for note in notes)
