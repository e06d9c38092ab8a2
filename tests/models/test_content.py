"""A checkpoint's identity: what changes it, what does not, and that nothing heavy is loaded for it."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file, save_file

from lmgeo.core.errors import SpecError
from lmgeo.models.content import content, family, has_tokenizer, stored_dtypes, weight_files


def edit_json(file: Path, **changes: Any) -> None:
    file.write_text(json.dumps({**json.loads(file.read_text()), **changes}))


def test_the_place_does_not_count(checkpoint: Path, tmp_path: Path) -> None:
    found = content(checkpoint)
    assert set(found) == {"weights", "config", "tokenizer"}
    assert all(isinstance(value, str) for value in found.values())
    moved = shutil.copytree(checkpoint, tmp_path / "elsewhere")
    assert content(moved) == found


def test_irrelevant_files_and_provenance_do_not_count(checkpoint: Path) -> None:
    found = content(checkpoint)
    for name in ("README.md", "training.json", "optimizer.pt", "pytorch_model.bin", "generation_config.json"):
        (checkpoint / name).write_text("{}")
    edit_json(checkpoint / "config.json", _name_or_path="/home/me/there", transformers_version="4.1")
    edit_json(checkpoint / "tokenizer_config.json", name_or_path="/home/me/there")
    assert content(checkpoint) == found


@pytest.mark.parametrize(
    ("part", "file", "change"),
    [
        ("config", "config.json", {"layer_norm_eps": 1e-3}),
        ("tokenizer", "tokenizer_config.json", {"model_max_length": 12}),
        ("tokenizer", "tokenizer.json", {"truncation": None, "own": 1}),
    ],
)
def test_each_part_counts_for_itself(part: str, file: str, change: dict[str, Any], checkpoint: Path) -> None:
    before = content(checkpoint)
    edit_json(checkpoint / file, **change)
    after = content(checkpoint)
    assert {name for name in before if before[name] != after[name]} == {part}


def test_one_weight_counts(checkpoint: Path) -> None:
    before = content(checkpoint)
    tensors = load_file(checkpoint / "model.safetensors")
    tensors["bert.embeddings.LayerNorm.weight"][0] += 1
    save_file(tensors, checkpoint / "model.safetensors", metadata={"format": "pt"})
    after = content(checkpoint)
    assert {name for name in before if before[name] != after[name]} == {"weights"}


def test_a_bin_file_counts_where_there_is_nothing_better(checkpoint: Path) -> None:
    (checkpoint / "model.safetensors").unlink()
    (checkpoint / "pytorch_model.bin").write_bytes(b"one")
    one = content(checkpoint)["weights"]
    (checkpoint / "pytorch_model.bin").write_bytes(b"other")
    assert content(checkpoint)["weights"] != one


def test_shards_count_through_their_index(checkpoint: Path) -> None:
    shutil.move(checkpoint / "model.safetensors", checkpoint / "model-1.safetensors")
    index = checkpoint / "model.safetensors.index.json"
    index.write_text(json.dumps({"weight_map": {"a": "model-1.safetensors"}}))
    (checkpoint / "model-9.safetensors").write_bytes(b"of no index")
    assert set(weight_files(checkpoint)) == {index.name, "model-1.safetensors"}
    before = content(checkpoint)["weights"]
    (checkpoint / "model-1.safetensors").write_bytes(b"changed")
    assert content(checkpoint)["weights"] != before


@pytest.mark.parametrize(
    ("index", "message"),
    [
        ({"weight_map": {"a": "model-2.safetensors"}}, "not there"),
        ({"weight_map": {"a": "../model.safetensors"}}, "outside"),
        ({"weight_map": {}}, "no weight_map"),
        ([], "no JSON object"),
    ],
)
def test_an_index_that_is_wrong(index: Any, message: str, checkpoint: Path) -> None:
    (checkpoint / "model.safetensors").unlink()
    (checkpoint / "model.safetensors.index.json").write_text(json.dumps(index))
    with pytest.raises(SpecError, match=message):
        weight_files(checkpoint)


def test_other_frameworks_are_named(checkpoint: Path) -> None:
    (checkpoint / "model.safetensors").unlink()
    (checkpoint / "tf_model.h5").write_bytes(b"")
    with pytest.raises(SpecError, match=r"tf_model\.h5"):
        content(checkpoint)


def test_no_tokenizer(checkpoint: Path) -> None:
    (checkpoint / "tokenizer.json").unlink()  # its settings alone are no tokenizer
    assert not has_tokenizer(checkpoint)
    assert content(checkpoint)["tokenizer"] is None


def test_infinity_in_a_configuration(checkpoint: Path) -> None:
    text = (checkpoint / "config.json").read_text()
    (checkpoint / "config.json").write_text(text.replace("{", '{"time_step_limit": [0.0, Infinity],', 1))
    assert content(checkpoint)["config"]


def test_number_types(checkpoint: Path) -> None:
    assert stored_dtypes(checkpoint) == {"F32"}
    save_file({"a": torch.zeros(2, dtype=torch.bfloat16), "n": torch.zeros(1, dtype=torch.long)},
              checkpoint / "model.safetensors")  # fmt: skip
    assert stored_dtypes(checkpoint) == {"BF16"}


def test_near_checkpoints_are_named(checkpoint: Path) -> None:
    with pytest.raises(SpecError, match=checkpoint.name):
        family(checkpoint.parent)
    with pytest.raises(SpecError, match="a file, not a folder"):
        family(checkpoint / "config.json")


def test_neither_torch_nor_transformers_is_loaded(saved: Path) -> None:
    code = (
        "import sys; from pathlib import Path; from lmgeo.models.content import content, family\n"
        "from lmgeo.models.source import resolve\n"
        f"content(resolve({str(saved)!r}).path); family(Path({str(saved)!r}))\n"
        "print([m for m in ('torch', 'transformers', 'huggingface_hub', 'safetensors') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
