"""From a study to cells and rows: keys, names, axes."""

from __future__ import annotations

import shutil

import pytest

from lmgeo.api.studies import plan_study
from lmgeo.core.errors import SpecError, UnknownName


def keys(plan):
    return {w.key for cell in plan.cells for w in cell.wanted}


def test_rows_and_cells_of_the_grid(study, write_study):
    plan = plan_study(write_study(study))
    names = [row["model"] for row in plan.rows]
    assert names == ["tiny", "tiny|noise(alpha=20,seed=1)", "tiny|noise(alpha=50,seed=1)"]
    assert sorted(cell.kind for cell in plan.cells) == ["evaluate"] * 3 + ["measure"] * 6
    assert len({cell.key for cell in plan.cells}) == 9
    assert set(plan.rows[0]["measures"]) == {"final.eee", "final.lsq_patchiness", "unembedding.eee"}


def test_alpha_zero_is_the_base_row(study, write_study):
    plan = plan_study(write_study(study))
    assert plan.rows[0]["factors"]["alpha"] == 0
    assert plan.rows[0]["factors"].get("noise_seed") is None


def test_paths_names_and_order_leave_the_keys_alone(study, write_study, checkpoint, tmp_path):
    before = keys(plan_study(write_study(study)))
    copy = tmp_path / "elsewhere" / "copy"
    shutil.copytree(checkpoint, copy)
    moved = {**study, "models": [{"path": str(copy), "name": "renamed"}], "threads": 1}
    moved["perturb"] = [{"noise": {"alpha": [50, 20.0], "seed": 1}}]
    assert keys(plan_study(write_study(moved))) == before


@pytest.mark.parametrize(
    "change",
    [
        {"represent.sequences": 99},
        {"represent.tokens": "content"},
        {"represent.seed": 1},
        {"represent.sampling": "balanced"},
        {"represent.sampling": "by_length"},
        {"perturb.0.noise.rule": "matrices"},
        {"evaluate.batch_size": 16},
        {"evaluate.train_examples": 20},
        {"measure.protocol": "default"},
    ],
)
def test_each_setting_that_moves_numbers_moves_keys(study, write_study, change):
    path = write_study(study)
    plain = keys(plan_study(path))
    changed = keys(plan_study(path, [f"{k}={v}" for k, v in change.items()]))
    assert plain - changed


def test_a_measure_of_matrices_without_matrices_is_refused(study, write_study):
    study["measure"] = {"measures": ["eee", "spectral_*"], "weights": []}
    with pytest.raises(SpecError, match=r"measures.*'spectral_\*' matches spectral_norm, of which none"):
        plan_study(write_study(study))
    plan_study(write_study({**study, "measure": {"measures": ["eee", "spectral_*"], "weights": ["unembedding"]}}))
    varied = [{"represent": {"tokens": "last"}}, {"measure": {"measures": ["spectral_*"]}}]
    with pytest.raises(SpecError, match=r"key vary\[1\]\.measure\.measures: 'spectral_\*' matches spectral_norm"):
        plan_study(write_study({**study, "measure": {"measures": ["eee"], "weights": []}, "vary": varied}))


def test_a_protocol_moves_only_the_keys_of_quantized_measures(study, write_study):
    path = write_study(study)
    plain, other = keys(plan_study(path)), keys(plan_study(path, ["measure.protocol=default"]))
    assert len(plain - other) == 3  # lsq_patchiness of three models


def test_content_of_the_weights_moves_every_key(study, write_study, checkpoint, tmp_path):
    copy = tmp_path / "changed"
    shutil.copytree(checkpoint, copy)
    raw = bytearray((copy / "model.safetensors").read_bytes())
    raw[-1] ^= 1
    (copy / "model.safetensors").write_bytes(raw)
    before = keys(plan_study(write_study(study)))
    assert not before & keys(plan_study(write_study({**study, "models": [{"path": str(copy)}]})))


def test_every_list_is_an_axis(study, write_study):
    study["represent"]["sequences"] = [50, 100]
    study["measure"]["protocol"] = ["quickstart", "default"]
    study["perturb"][0]["noise"]["rule"] = ["marbut2024", "matrices"]
    plan = plan_study(write_study(study))
    names = [row["model"] for row in plan.rows]
    assert len(names) == len(set(names)) == (1 + 2 * 2) * 2 * 2
    assert "tiny|noise(alpha=20,seed=1,rule=matrices)|sequences=50|protocol=default" in names
    # one pass serves both protocols
    assert sum(c.kind == "measure" and c.spec["represent"] is not None for c in plan.cells) == 5 * 2


def test_trained_models_show_the_choices_that_vary(study, write_study, text_file):
    study["models"] = [{"pretrain": {"width": [16, 32], "layers": 1, "steps": 2, "corpus": f"text:{text_file}"}}]
    plan = plan_study(write_study(study))
    bases = [row for row in plan.rows if row["factors"]["kind"] is None]
    assert [row["factors"]["width"] for row in bases] == [16, 32]
    assert "steps" not in bases[0]["factors"]
    trained = {cell.key for cell in plan.cells if cell.kind == "pretrain"}
    assert len(trained) == 2
    assert all(set(cell.needs) < trained for cell in plan.cells if cell.kind != "pretrain")


def test_same_names_are_told_apart(study, write_study, checkpoint, tmp_path):
    copy = tmp_path / "other" / checkpoint.name
    shutil.copytree(checkpoint, copy)
    study["models"] = [{"path": [str(checkpoint), str(copy)]}]
    names = [row["model"] for row in plan_study(write_study(study)).rows]
    assert len(names) == len(set(names))


def test_an_untrained_twin_is_another_model(study, write_study):
    study["models"] = [{**study["models"][0], "name": "twin", "untrained": 0}, study["models"][0]]
    plan = plan_study(write_study(study))
    assert len({r["model"] for r in plan.rows}) == 6
    assert len(keys(plan)) == 2 * (3 * 3 + 3)


@pytest.mark.parametrize(
    ("setting", "error", "said"),
    [
        ("represent.sequnces=3", SpecError, "did you mean 'sequences'"),
        ("measure.measures=[eeee]", UnknownName, "did you mean 'eee'"),
        ("measure.protocol=defualt", UnknownName, "did you mean 'default'"),
        ("evaluate.tasks=[rtee]", UnknownName, "did you mean 'rte'"),
        ("evaluate.data=/nowhere", SpecError, "/nowhere"),
        ("perturb.0.noise.alpha=120", SpecError, "120"),
        ("perturb.0.noise.alhpa=1", SpecError, "did you mean 'alpha'"),
        ("represent.corpus=text:/nowhere.txt", SpecError, "/nowhere.txt"),
        ("models.0.path=/nowhere", SpecError, "/nowhere"),
        ("perturb.0.noise={alhpa: 20}", SpecError, "did you mean 'alpha'"),
        ("represent.sites=[block.7]", UnknownName, "block.7"),
        ("represent.seed=-1", SpecError, "-1"),
        ("represent.sampling=balancd", SpecError, "did you mean 'balanced'"),
        ("vary=[{reprsent: {seed: 1}}]", SpecError, "did you mean 'represent'"),
        ("vary=[{represent: {sed: 1}}]", SpecError, "did you mean 'seed'"),
        ("vary=[{measure: {protocol: defualt}}]", UnknownName, "did you mean 'default'"),
        ("vary=[{measure: {protocol: []}}]", SpecError, "empty list"),
        ("vary=[{measure: 3}]", SpecError, "not a block of keys"),
        ("vary=[3]", SpecError, "give represent or measure"),
        ("vary=[{}]", SpecError, "give represent or measure"),
        ("vary=3", SpecError, "is not a list"),
        ("measure.weights=['*.nothing']", UnknownName, "no model has a matrix"),
        ("analyze.filter='alpha >'", SpecError, "alpha >"),
        ("measure.measures=[]", SpecError, "measures"),
        ("represent.sites=[finall]", UnknownName, "did you mean 'final'"),
    ],
)
def test_mistakes_are_named_with_the_mend(study, write_study, setting, error, said):
    with pytest.raises(error, match="(?s)" + said.replace("[", r"\[")):
        plan_study(write_study(study), [setting])


def test_a_misnamed_thing_is_shown_with_its_line(study, write_study):
    study["measure"]["measures"] = ["eeee"]
    with pytest.raises(UnknownName, match=r"study\.yaml:\d+, key measure: unknown measure 'eeee'"):
        plan_study(write_study(study))


def test_blocks_may_be_left_empty(study, write_study):
    assert plan_study(write_study({**study, "analyze": None, "evaluate": None})).cells


def test_fine_tuning_settings_are_axes_too(study, write_study):
    study["evaluate"]["epochs"] = [1, 2]
    study["evaluate"]["train_examples"] = [20, 30]
    plan = plan_study(write_study(study))
    names = [row["model"] for row in plan.rows]
    assert len(names) == len(set(names)) == 3 * 4
    assert "tiny|finetune_epochs=1|finetune_train_examples=20" in names
    assert plan.rows[0]["factors"]["finetune_epochs"] == 1
    assert len({key for row in plan.rows for key in row["scores"]["rte"]}) == 12
    assert sum(cell.kind == "measure" for cell in plan.cells) == 6  # geometry knows nothing of fine-tuning


def test_protocols_with_settings_of_their_own_are_an_axis_of_one_name_each(study, write_study):
    study["measure"]["protocol"] = ["quickstart", "quickstart( bits = 6 , seeds=1)", "quickstart(seeds=1,bits=6)"]
    plan = plan_study(write_study(study))
    own = "quickstart(bits=6,seeds=1)"
    assert {row["factors"]["protocol"] for row in plan.rows} == {"quickstart", own}
    assert f"tiny|protocol={own}" in {row["model"] for row in plan.rows}
    assert {w.protocol for cell in plan.cells for w in cell.wanted if w.name == "lsq_patchiness"} == {"quickstart", own}
    again = plan_study(write_study(study), ["measure.protocol=quickstart(bits=6,seeds=1)"])
    assert keys(again) < keys(plan)


def test_a_slip_in_a_protocol_is_told_by_its_line(study, write_study, tmp_path):
    with pytest.raises(UnknownName, match=r"measure.protocol: unknown setting 'bit'"):
        plan_study(write_study(study), ["measure.protocol=quickstart(bit=6)"])
    path = write_study({**study, "measure": "HERE"})
    path.write_text(path.read_text().replace("HERE", "{protocol: default(bits=6,seeds=1)}"))
    with pytest.raises(SpecError, match=r"unknown key 'seeds=1\)'\n  → put a value with commas in it in quotes"):
        plan_study(path)
    path.write_text(path.read_text().replace("{protocol: default", "{protocol: 'default").replace("1)}", "1)'}"))
    assert plan_study(path).rows[0]["factors"]["protocol"] == "default(bits=6,seeds=1)"


def test_keys_of_uniform_samples_are_what_they_were_before_there_were_others(tmp_path):
    from lmgeo.core.spec.blocks import RepresentSpec
    from lmgeo.study.cells import measure_key
    from lmgeo.study.wanted import sampling_identity

    path = tmp_path / "t.txt"
    path.write_text("one two three\nfour five\n")
    spec = RepresentSpec(corpus=f"text:{path}", sequences=2)
    identity = sampling_identity(spec)
    assert set(identity) == {"corpus", "sequences", "tokens", "seed", "products"}
    variant, measure = {"base": {"content": "c"}, "perturbation": None}, {"name": "eee", "version": 1}
    # hashed by the version before there was a choice of sampling
    assert measure_key(variant, identity, "final", measure) == "efd3f01a630e5ccdb0a81dc4"
    others = {measure_key(variant, sampling_identity(spec.model_copy(update={"sampling": s})), "final", measure)
              for s in ("uniform", "balanced", "by_length")}  # fmt: skip
    assert len(others) == 3


def test_sampling_is_a_column_only_where_some_sample_is_not_uniform(study, write_study):
    assert "sampling" not in plan_study(write_study(study)).rows[0]["factors"]
    plan = plan_study(write_study(study), ["represent.sampling=[uniform, by_length]"])
    assert {row["factors"]["sampling"] for row in plan.rows} == {"uniform", "by_length"}
    assert "tiny|sampling=by_length" in {row["model"] for row in plan.rows}
    one = plan_study(write_study(study), ["represent.sampling=balanced"])
    assert {row["factors"]["sampling"] for row in one.rows} == {"balanced"}
    assert one.rows[0]["model"] == "tiny"


def test_vary_changes_one_setting_at_a_time(study, write_study):
    alone = plan_study(write_study(study))
    study["vary"] = [
        {"measure": {"protocol": ["quickstart(bits=6)", "quickstart(bits=7)"]}},
        {"represent": {"sequences": [50, 200]}},
        {"represent": {"tokens": "content"}},
        {"represent": {"sites": ["embeddings"]}},
        {"represent": {"sequences": 100}},  # as it is: nothing new
        {"represent": {"seed": 1}, "measure": {"measures": ["eee"]}},
    ]
    plan = plan_study(write_study(study))
    assert keys(alone) < keys(plan)
    assert len(plan.rows) == 3 * (1 + 2 + 2 + 1 + 1)
    settings = {
        tuple(row["factors"][k] for k in ("sequences", "tokens", "sampling_seed", "protocol")) for row in plan.rows
    }
    assert settings == {
        (100, "all", 0, "quickstart"), (100, "all", 0, "quickstart(bits=6)"), (100, "all", 0, "quickstart(bits=7)"),
        (50, "all", 0, "quickstart"), (200, "all", 0, "quickstart"), (100, "content", 0, "quickstart"),
        (100, "all", 1, "quickstart"),
    }  # fmt: skip
    centre = plan.rows[0]
    assert set(centre["measures"]) == {
        "final.eee", "final.lsq_patchiness", "embeddings.eee", "embeddings.lsq_patchiness", "unembedding.eee",
    }  # fmt: skip
    # one pass for the centre's protocols and sites; one each for the other texts; one for the matrices
    passes = [cell for cell in plan.cells if cell.kind == "measure" and cell.label.startswith("measure tiny,")]
    assert sorted(len(cell.wanted) for cell in passes) == [1, 1, 2, 2, 2, 6]
    (most,) = [cell for cell in passes if len(cell.wanted) == 6]
    assert most.spec["represent"]["sites"] == ["final", "embeddings"]
    assert len({row["model"] for row in plan.rows}) == len(plan.rows)
    assert len(plan.rows[0]["scores"]["rte"]) == 1
    assert len({key for row in plan.rows for key in row["scores"]["rte"]}) == 3  # a model's score is one for all


def test_vary_beside_a_grid_replaces_its_axis(study, write_study):
    study["represent"]["sequences"] = [50, 100]
    study["vary"] = [{"represent": {"sequences": 200}}, {"represent": {"seed": 1}}]
    plan = plan_study(write_study(study))
    found = {(row["factors"]["sequences"], row["factors"]["sampling_seed"]) for row in plan.rows}
    assert found == {(50, 0), (100, 0), (200, 0), (50, 1), (100, 1)}


def test_the_ready_study_of_sensitivity_varies_one_setting_at_a_time():
    plan = plan_study("quantizer-sensitivity")
    centre = plan.rows[0]["factors"]
    settings = ("corpus", "sequences", "sampling", "tokens", "sampling_seed", "protocol")
    changed = [sum(row["factors"][name] != centre[name] for name in settings) for row in plan.rows]
    assert [changed.count(many) for many in (0, 1, 2, 3)] == [13, 13 * (17 + 2 + 3 + 2 + 3), 13 * 2, 0]
    assert {column.rpartition(".")[0] for column in plan.rows[0]["measures"]} == {"final", "embeddings", "block.0"}
    assert len({key for row in plan.rows for keys in row["scores"].values() for key in keys}) == 13 * 3 * 2
