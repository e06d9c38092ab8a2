"""Weight matrices of a study: globs written out, matrices a model lacks, the type they are stored in."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from safetensors.numpy import load_file, save_file

from lmgeo.api.studies import plan_study
from lmgeo.core.errors import UnknownName

TINY = {"architecture": "bert", "width": 16, "layers": 2, "vocabulary": 300, "steps": 2}


def columns(study: dict, write_study) -> dict[str, set[str]]:
    rows = plan_study(write_study(study)).rows
    return {row["model"]: {c.rpartition(".")[0] for c in row["measures"]} - {"final"} for row in rows}


@pytest.fixture
def matrices(study: dict):
    """The study with other matrices."""

    def of(*names: str, **changes: object) -> dict:
        return {**study, "perturb": [], **changes, "measure": {**study["measure"], "weights": list(names)}}

    return of


def test_all_is_every_matrix_of_the_checkpoint_under_one_name_each(matrices, write_study, checkpoint: Path) -> None:
    found = columns(matrices("all"), write_study)["tiny"]
    tensors = load_file(checkpoint / "model.safetensors")
    two_dimensional = {name for name, tensor in tensors.items() if tensor.ndim == 2}
    assert "unembedding" in found
    assert "embedding" not in found  # tied
    assert len(found) == len(two_dimensional)
    assert found - {"unembedding"} < two_dimensional


def test_globs_are_written_out_and_names_stay(matrices, write_study) -> None:
    found = columns(matrices("*.Wqkv.weight", "embedding", "no.such.matrix"), write_study)["tiny"]
    assert found == {"model.layers.0.attn.Wqkv.weight", "embedding", "no.such.matrix"}


def test_a_model_to_be_trained_has_its_names_from_its_spec(matrices, write_study, text_file: Path) -> None:
    pretrain = {**TINY, "corpus": f"text:{text_file}"}
    study = matrices("all", models=[{"pretrain": pretrain, "name": "trained"}])
    found = columns(study, write_study)["trained"]
    assert {"unembedding", "bert.encoder.layer.1.attention.self.query.weight"} <= found
    assert not any("Norm" in name or "bias" in name for name in found)


def test_a_glob_of_one_family_leaves_the_others_alone(matrices, write_study, checkpoint: Path, text_file: Path) -> None:
    models = [{"path": str(checkpoint), "name": "tiny"}, {"pretrain": {**TINY, "corpus": f"text:{text_file}"}}]
    found = columns(matrices("*.query.weight", models=models), write_study)
    assert [len(names) for names in found.values()] == [0, 2]


def test_a_glob_that_no_model_matches_is_a_mistake(matrices, write_study) -> None:
    with pytest.raises(UnknownName, match=r"key measure\.weights.*'\*\.nothing'"):
        columns(matrices("*.nothing"), write_study)


def test_a_run_measures_them_as_they_are_stored(matrices, write_study, checkpoint: Path, tmp_path: Path) -> None:
    from lmgeo.api.studies import run_study
    from lmgeo.api.weighing import weights

    half = Path(shutil.copytree(checkpoint, tmp_path / "half"))
    tensors = load_file(half / "model.safetensors")
    next(t for name, t in tensors.items() if "tok_embeddings" in name)[:, 0] *= 0.05
    save_file({name: t.astype(np.float16) for name, t in tensors.items()}, half / "model.safetensors", {"format": "pt"})
    study = matrices(
        "embedding",
        "*.Wqkv.weight",
        "no.such.matrix",
        models=[{"path": str(half), "name": "half"}],
        perturb=[{"noise": {"alpha": 20, "seed": 1}}],
        evaluate=None,
    )
    study["measure"] |= {"measures": ["numerical_rank", "effective_rank_pct"]}
    study["represent"] |= {"sites": ["final"], "sequences": 5}
    store = run_study(write_study(study), store=tmp_path / "store", workers=1)
    assert [o["status"] for o in store.outcomes] == ["done"] * len(store.outcomes)
    base, noisy = store.table().to_dict("records")
    name = "model.layers.0.attn.Wqkv.weight"
    alone = weights(half, name, ["numerical_rank", "effective_rank_pct"])["objects"][name]["measures"]
    assert base[f"{name}.effective_rank_pct"] == pytest.approx(alone["effective_rank_pct"]["value"], rel=1e-9)
    assert base[f"{name}.numerical_rank"] == alone["numerical_rank"]["value"]
    # ε of float16 hides directions that ε of float32 does not; noise was added in float32
    assert base["embedding.numerical_rank"] < noisy["embedding.numerical_rank"]
    assert pd.isna(base["no.such.matrix.numerical_rank"])
