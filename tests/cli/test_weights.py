"""`lmgeo weights` as a user meets it."""

from __future__ import annotations

import json
import re
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import load_file, save_file

NAME = "model.layers.0.attn.Wqkv.weight"


@pytest.fixture
def unsound(checkpoint: Path, tmp_path: Path) -> Path:
    """A copy of the checkpoint with a NaN in one matrix."""
    import shutil

    folder = Path(shutil.copytree(checkpoint, tmp_path / "unsound"))
    tensors = load_file(folder / "model.safetensors")
    tensors[NAME][2, 5] = np.nan
    save_file(tensors, folder / "model.safetensors", {"format": "pt"})
    return folder


def test_one_json_document(call, checkpoint: Path, tmp_path: Path) -> None:
    arguments = (checkpoint, "--measures", "effective_rank*,alpha", "--out", tmp_path / "out", "--json")
    code, out, _ = call("weights", *arguments)
    document = json.loads(out)
    assert code == 0
    found = document["objects"]["unembedding"]
    assert (found["centred"], found["tied"]) == (False, True)
    assert set(found["measures"]) == {"alpha", "effective_rank", "effective_rank_cov", "effective_rank_pct"}
    assert found["measures"]["alpha"]["value"] is None
    assert found["measures"]["alpha"]["reason"]
    assert document["left_out"] == []
    assert json.loads((tmp_path / "out" / "weights.json").read_text()) == document
    assert (tmp_path / "out" / "spectra.safetensors").is_file()


def test_what_a_reader_sees(call, checkpoint: Path) -> None:
    code, out, err = call("weights", checkpoint, "--matrices", "all", "--measures", "stable_rank", "--centre")
    assert code == 0
    assert re.search(
        r"^unembedding: \d+ × 16, float32, model\.embeddings.*, tied: embedding and unembedding are one$", out, re.M
    )
    assert "left out: embedding: tied" in err
    assert re.search(r"left out: \S+, \S+, \S+ and \d+ more: it has 1 dimension, not 2", err)
    assert call("weights", checkpoint, "--measures", "stable_rank", "--quiet")[2] == ""


def test_a_matrix_with_nan_is_bad_input_by_name_and_a_failed_part_among_all(call, unsound: Path) -> None:
    code, out, err = call("weights", unsound, "--matrices", NAME, "--json")
    assert (code, out) == (2, "")
    assert "row 2, column 5" in err
    code, out, _ = call("weights", unsound, "--matrices", "all", "--measures", "stable_rank", "--json")
    document = json.loads(out)
    assert code == 1
    assert document["failed"] == [NAME]
    assert "unembedding" in document["objects"]
    code, _, err = call("weights", unsound, "--matrices", "all", "--measures", "stable_rank")
    assert code == 1
    assert f"left out: {NAME}: the matrix holds NaN" in err


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["{model}", "--matrices", "unembeding"], "did you mean 'unembedding'"),
        (["{model}", "--matrices", ","], "no matrix is named"),
        (["{model}", "--measures", "alpa"], "did you mean 'alpha'"),
        (["{model}", "--measures", "vrm"], "not defined for weight matrices"),
        (["{model}", "--matrices", "*norm.weight", "--measures", "alpha"], "1 dimension"),
        (["{model}", "--measures", "alpha"], "holds for"),
        (["{model}", "--out", "{model}/config.json"], "is a file"),
        (["/nowhere"], "/nowhere"),
        (["{model}/config.json"], "checkpoint folder"),
    ],
)
def test_bad_input_is_one_message_and_exit_2(call, checkpoint: Path, arguments: list[str], said: str) -> None:
    code, out, err = call("weights", *(a.format(model=checkpoint) for a in arguments))
    assert (code, out) == (2, "")
    assert said in err
    assert "Traceback" not in err


def test_an_encoder_without_a_head_says_so(call, tmp_path: Path) -> None:
    from transformers import BertConfig, BertModel

    config = BertConfig(vocab_size=40, hidden_size=8, num_hidden_layers=1, num_attention_heads=2, intermediate_size=16)
    BertModel(config).save_pretrained(tmp_path)
    code, out, err = call("weights", tmp_path, "--json")
    assert (code, out) == (2, "")
    assert "has no output head (BertModel has none)" in err
    assert "--matrices all" in err
    assert "cloud" not in err
    code, out, _ = call("weights", tmp_path, "--matrices", "all", "--measures", "stable_rank", "--json")
    assert code == 0
    assert "has no output head" in json.loads(out)["left_out"][0]["reason"]


def test_a_plugins_measure_of_matrices(call, checkpoint: Path, tmp_path: Path) -> None:
    (tmp_path / "own.py").write_text(
        "from lmgeo.api.plugins import Moments, measure\n"
        "@measure(state=Moments, unit='1', range=(0, None), keeps=(), direction='higher = greater', matrix=True)\n"
        "def own_trace(m: Moments) -> float:\n"
        '    """Sum of the squared singular values."""\n'
        "    return float(m.spectrum.sum())\n"
    )
    from lmgeo.core.plugins import unload_plugins

    try:
        options = ("--plugin", tmp_path / "own.py", "--measures", "own_trace,frobenius_norm", "--json")
        code, out, _ = call("weights", checkpoint, *options)
    finally:
        unload_plugins()
    found = json.loads(out)["objects"]["unembedding"]["measures"]
    assert code == 0
    assert found["own_trace"]["value"] == pytest.approx(found["frobenius_norm"]["value"] ** 2)
