"""The commands as a user meets them: exit codes, streams, JSON, messages."""

from __future__ import annotations

import json

import numpy as np
import pytest

from lmgeo.cli.main import COMMANDS


@pytest.fixture
def cloud(tmp_path):
    path = tmp_path / "cloud.npy"
    np.save(path, np.random.default_rng(0).normal(size=(400, 8)).astype(np.float32))
    return path


def test_measure_prints_one_json_document(call, cloud):
    code, out, _ = call("measure", cloud, "--measures", "eee,isoscore", "--json")
    document = json.loads(out)
    assert code == 0
    found = document["objects"]["cloud"]
    assert (found["n"], found["d"], found["centred"]) == (400, 8, True)
    assert set(found["measures"]) == {"eee", "isoscore"}
    assert set(found["measures"]["eee"]) >= {
        "value",
        "unit",
        "range",
        "direction",
        "spread",
        "seeds",
        "reason",
        "version",
        "details",
    }
    assert document["model"] is None
    assert document["left_out"] == []
    assert document["protocol"]["name"] == "default"


def test_few_rows_give_null_with_a_reason_and_values_elsewhere(call, tmp_path):
    np.save(tmp_path / "few.npy", np.random.default_rng(0).normal(size=(100, 8)))
    code, out, _ = call("measure", tmp_path / "few.npy", "--measures", "eee,lsq_patchiness", "--json")
    measures = json.loads(out)["objects"]["cloud"]["measures"]
    assert code == 0
    assert measures["eee"]["value"] is not None
    assert measures["lsq_patchiness"]["value"] is None
    assert "256" in measures["lsq_patchiness"]["reason"]


def test_no_value_at_all_is_bad_input(call, tmp_path):
    np.save(tmp_path / "few.npy", np.ones((3, 2)))
    code, out, err = call("measure", tmp_path / "few.npy", "--measures", "lsq_patchiness", "--json")
    assert (code, out) == (2, "")
    assert "256" in err


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_not_finite_clouds_are_refused(call, tmp_path, value):
    cloud = np.zeros((10, 3))
    cloud[4, 1] = value
    np.save(tmp_path / "bad.npy", cloud)
    code, out, err = call("measure", tmp_path / "bad.npy", "--json", "--out", tmp_path / "out")
    assert (code, out) == (2, "")
    assert "row 4" in err
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["measure", "{cloud}", "--measures", "eeee"], "did you mean 'eee'"),
        (["measure", "{cloud}", "--protocol", "defualt"], "did you mean 'default'"),
        (["measure", "/nowhere"], "/nowhere"),
        (["measure", "{tmp}"], "config.json"),
        (["measure", "{cloud}", "--sequences", "0"], "sequences"),
        (["list", "measurse"], "did you mean 'measures'"),
        (["run", "quickstrat"], "did you mean 'quickstart'"),
        (["run", "nothere.yaml"], "nothere.yaml"),
        (["status", "/nowhere"], "/nowhere"),
        (["table", "{tmp}"], "store"),
        (["perturb", "{tmp}", "nosie", "--out", "x"], "did you mean 'noise'"),
        (["perturb", "{tmp}", "noise", "alhpa=3", "--out", "x"], "did you mean 'alpha'"),
        (["evaluate", "{tmp}", "--tasks", "rte", "--set", "epoch=1"], "did you mean 'epochs'"),
        (["evaluate", "{tmp}", "--tasks", "rtee"], "did you mean 'rte'"),
        (["evaluate", "{tmp}", "--tasks", "rte", "--data", "/nowhere"], "/nowhere"),
        (["analyze", "/nowhere.csv", "--target", "x"], "/nowhere.csv"),
        (["measure", "{cloud}", "--measures", ","], "no measure is named"),
        (["measure", "{cloud}", "--out", "{cloud}"], "is a file"),
        (["evaluate", "{tmp}", "--tasks", "rte", "--set", "epochs=1", "--set", "epochs=2"], "twice"),
        (["measure", "{checkpoint}", "--sampling", "balancd"], "did you mean 'balanced'"),
        (["measure", "{cloud}", "--sites", "final", "--sequences", "1000"], "leave out --sequences, --sites"),
        (["measure", "{cloud}", "--corpus", "pydocs", "--tokens", "last"], "leave out --corpus, --tokens"),
        (["measure", "{cloud}", "--sampling", "uniform"], "leave out --sampling"),
        (["compare", "{cloud}", "{cloud}", "--sequences", "9"], "leave out --sequences"),
        (["measure"], "source"),
        (["nosuch"], "nosuch"),
    ],
)
def test_bad_input_is_one_message_and_exit_2(call, cloud, tmp_path, checkpoint, arguments, said):
    (tmp_path / "empty").mkdir()
    filled = [a.format(cloud=cloud, tmp=tmp_path / "empty", checkpoint=checkpoint) for a in arguments]
    code, out, err = call(*filled)
    assert (code, out) == (2, "")
    assert said in err
    assert "Traceback" not in err


def test_a_fault_of_ours_says_so(call, monkeypatch, cloud):
    import lmgeo.api.measuring

    monkeypatch.setattr(lmgeo.api.measuring, "measure_file", lambda *a, **k: 1 / 0)
    code, out, err = call("measure", cloud)
    assert (code, out) == (70, "")
    assert "report" in err


def test_an_interrupt_is_130(call, monkeypatch, cloud):
    import lmgeo.api.measuring

    def interrupt(*a, **k):
        raise KeyboardInterrupt

    monkeypatch.setattr(lmgeo.api.measuring, "measure_file", interrupt)
    code, out, err = call("measure", cloud)
    assert (code, out) == (130, "")
    assert "the same command continues" in err


@pytest.mark.parametrize("what", ["measures", "perturbations", "tasks", "corpora", "studies", "protocols"])
def test_every_listing_has_names(call, what):
    code, out, _ = call("list", what, "--json")
    entries = json.loads(out)
    assert code == 0
    assert len(entries) >= 1
    assert all(entry["name"] and entry["description"] for entry in entries)


def test_measure_a_model_end_to_end(call, checkpoint, text_file, tmp_path):
    code, out, _ = call(
        "measure",
        checkpoint,
        "--corpus",
        f"text:{text_file}",
        "--sequences",
        30,
        "--sites",
        "embeddings,final",
        "--measures",
        "eee,vrm,pq_patchiness",
        "--protocol",
        "quickstart",
        "--json",
        "--out",
        tmp_path / "out",
    )
    document = json.loads(out)
    assert code == 0
    assert list(document["objects"]) == ["embeddings", "final"]
    assert document["objects"]["final"]["n"] == document["sampling"]["tokens_seen"]
    assert json.loads((tmp_path / "out" / "measures.json").read_text()) == document


def test_measure_says_how_it_sampled(call, checkpoint, text_file, tmp_path):
    other = tmp_path / "other.txt"
    other.write_text("a red dog sees a cat.\n" * 5)
    asked = ["measure", checkpoint, "--corpus", f"text:{text_file}+text:{other}", "--sequences", 30]
    code, out, _ = call(*asked, "--sampling", "balanced", "--measures", "eee", "--json")
    document = json.loads(out)
    assert code == 0
    assert document["sampling"]["sampling"] == "balanced"
    assert any("1 of 2 sources" in note and "2. text:other.txt (5)" in note for note in document["notes"])
    uniform = json.loads(call(*asked, "--measures", "eee", "--json")[1])
    assert uniform["sampling"]["sampling"] == "uniform"
    assert uniform["sampling"]["tokens_seen"] != document["sampling"]["tokens_seen"]


def test_perturb_then_evaluate(call, checkpoint, task_folder, tmp_path):
    code, out, _ = call("perturb", checkpoint, "noise", "alpha=20", "seed=3", "--out", tmp_path / "noisy", "--json")
    assert code == 0
    assert set(json.loads(out)) == {"path", "key"}
    code, out, _ = call(
        "evaluate",
        tmp_path / "noisy",
        "--tasks",
        "rte",
        "--data",
        task_folder,
        "--set",
        "epochs=1",
        "--json",
        "--train-examples",
        20,
    )
    document = json.loads(out)
    assert code == 0
    assert document["tasks"]["rte"]["n_train"] == 20
    assert document["tasks"]["rte"]["n_eval"] == 20
    assert document["average"] == document["tasks"]["rte"]["score"]
    assert "glue_average" not in document


def test_evaluate_says_what_bears_on_the_score(call, checkpoint, task_folder):
    asked = ["evaluate", checkpoint, "--tasks", "rte", "--data", task_folder, "--train-examples", 20]
    asked += ["--set", "epochs=1", "--set", "max_length=100000"]
    code, out, err = call(*asked)
    assert code == 0
    assert "rte" in out
    notes = [line for line in err.splitlines() if line.startswith("rte: ")]
    assert notes[0] == "rte: max_length is 128, not 100000: the model takes no more"
    assert call(*asked, "--quiet")[2] == ""


def test_perturb_writes_over_nothing(call, checkpoint, tmp_path):
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "file").write_text("mine")
    code, _, err = call("perturb", checkpoint, "noise", "alpha=20", "--out", tmp_path / "mine")
    assert code == 2
    assert "is there already" in err
    assert [p.name for p in (tmp_path / "mine").iterdir()] == ["file"]


def test_dry_run_plans_and_writes_nothing(call, study, write_study, tmp_path):
    code, out, _ = call("run", write_study(study), "--store", tmp_path / "store", "--dry-run", "--json")
    plan = json.loads(out)
    assert code == 0
    assert (plan["models"], plan["cells"], plan["missing"]) == (3, 9, 9)
    assert plan["seconds"] > 0
    assert (plan["power"]["n"], plan["power"]["controls"], plan["power"]["counted"]) == (3, 0, "model")
    assert "at least 5" in plan["power"]["reason"]
    assert not (tmp_path / "store").exists()


def test_dry_run_says_what_the_study_could_detect(call, study, write_study, tmp_path):
    study["perturb"] = [{"noise": {"alpha": list(range(1, 24)), "seed": 1}}]
    study["represent"]["sequences"] = [50, 100]
    store = ["--store", tmp_path / "store", "--dry-run"]
    code, out, _ = call("run", write_study(study), *store)
    assert code == 0
    assert "24 models show a correlation of 0.5" in out.splitlines()[-1]
    assert out.splitlines()[-1].endswith("or more with 80 % power; one of 0.3 needs 93 and 0.5 needs 33")
    study["analyze"] = {"controls": ["alpha", "final.eee"], "filter": "alpha > 8 and score.average > 0.2"}
    power = json.loads(call("run", write_study(study), *store, "--json")[1])["power"]
    assert (power["n"], power["controls"]) == (15, 2)
    assert "15 models with 2 controls show a partial correlation of" in call("run", write_study(study), *store)[1]
    study["perturb"][0]["noise"]["seed"] = [1, 2, 3]
    power = json.loads(call("run", write_study(study), *store, "--json")[1])["power"]
    assert (power["n"], power["counted"], power["models"]) == (15, "seed group", 45)
    assert "15 seed groups (of 45 models) with 2 controls show" in call("run", write_study(study), *store)[1]
    few = ["--set", "analyze.filter='alpha > 22'"]
    assert "too few to show any relation" in call("run", write_study(study), *store, *few)[1]
    none = ["--set", "analyze.filter='alpha > 99'"]
    assert json.loads(call("run", write_study(study), *store, *none, "--json")[1])["power"]["n"] == 0


def test_doctor_names_versions(call):
    code, out, _ = call("doctor", "--json")
    found = json.loads(out)
    assert found["torch"]
    assert code == (1 if found["faults"] else 0)


def test_every_command_is_here():
    assert {"measure", "perturb", "pretrain", "evaluate", "run", "status", "table", "analyze", "report"} < set(COMMANDS)


def test_a_device_that_is_not_there_is_bad_input(call, checkpoint):
    code, out, err = call("measure", checkpoint, "--device", "cuda:99")
    assert (code, out) == (2, "")
    assert "cpu" in err


@pytest.mark.parametrize("device", ["cuda:99", "gpu"])
def test_a_device_that_is_not_there_is_bad_input_for_a_file_too(call, cloud, device):
    code, out, err = call("measure", cloud, "--measures", "eee", "--device", device)
    assert (code, out) == (2, "")
    assert f"there is no device {device!r}" in err


def test_the_array_that_cannot_be_measured_is_named(call, tmp_path):
    path = tmp_path / "two.npz"
    np.savez(path, fine=np.eye(4), hole=np.full((4, 4), np.nan))
    code, out, err = call("measure", path, "--measures", "eee")
    assert (code, out) == (2, "")
    assert f"{path}, array 'hole': the cloud holds 16 value(s)" in err


def test_a_path_that_cannot_be_written_is_bad_input(call, cloud):
    code, _, err = call("measure", cloud, "--measures", "eee", "--out", cloud / "below")
    assert code == 2
    assert str(cloud) in err


def test_training_past_its_limit_is_unfinished_and_goes_on(call, text_file, tmp_path):
    spec = tmp_path / "spec.yaml"
    plain = f"{{width: 16, layers: 1, vocabulary: 300, steps: 40, batch_size: 8, corpus: 'text:{text_file}'"
    spec.write_text(plain + ", minutes: 1.0e-6}")
    code, out, err = call("pretrain", spec, "--out", tmp_path / "model")
    assert (code, out) == (1, "")
    assert "minutes" in err
    spec.write_text(plain + "}")
    assert call("pretrain", spec, "--out", tmp_path / "model")[0] == 0


def test_report_writes_a_page_and_pictures(call, tmp_path):
    lines = [f"m{i},{i % 4},{0.1 * i + (i * 7 % 5) / 9},{0.5 + 0.01 * i + (i % 3) / 90}" for i in range(24)]
    (tmp_path / "t.csv").write_text("\n".join(["model,width,final.eee,score.average", *lines]) + "\n")
    page, figures = tmp_path / "p.html", tmp_path / "figures"
    options = ("--out", page, "--controls", "width", "--charts", figures, "--format", "svg")
    code, out, _ = call("report", tmp_path / "t.csv", *options, "--json")
    made = json.loads(out)
    assert (code, made["path"], made["rows"]) == (0, str(page), 24)
    assert str(figures / "ranking.svg") in made["charts"]
    assert "width held fixed" in page.read_text()
    code, out, err = call(
        "report", tmp_path / "t.csv", "--out", tmp_path / "q.html", "--charts", figures, "--format", "jpg"
    )
    assert (code, out) == (2, "")
    assert "picture format 'jpg'" in err
    assert not (tmp_path / "q.html").exists()


@pytest.mark.parametrize(("option", "value"), [("--sequences", "1e3"), ("--sequences", "0"), ("--seed", "-4")])
def test_an_option_that_cannot_be_shows_its_value(call, cloud, option, value):
    code, out, err = call("measure", cloud, option, value)
    assert (code, out) == (2, "")
    assert option in err
    assert repr(value) in err
