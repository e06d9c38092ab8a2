"""A checkpoint's tensors, unread: every form of storage, damage, and that nothing heavy is loaded."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from lmgeo.core.errors import SpecError
from lmgeo.core.tensors import as_float_rows
from lmgeo.models.load import load_model
from lmgeo.models.weight_files import StoredWeights, read_weights

Tiny = Callable[..., Any]
WORDS = "bert.embeddings.word_embeddings.weight"


@pytest.fixture(scope="module", params=["one", "shards", "bf16", "fp16", "bin", "bin shards", "old bin"])
def form(request: pytest.FixtureRequest, tiny: Tiny, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A tiny encoder saved in some form."""
    folder, module = tmp_path_factory.mktemp("form"), tiny("bert")
    dtype = {"bf16": torch.bfloat16, "fp16": torch.float16}.get(request.param, torch.float32)
    module.to(dtype).save_pretrained(folder, max_shard_size="6kB" if "shards" in request.param else "1GB")
    if "bin" in request.param:
        _as_bin(folder, old="old" in request.param)
    return folder


def _as_bin(folder: Path, old: bool) -> None:
    """The same weights as torch's own files, both names of the tied matrix in them."""
    from safetensors.torch import load_file

    for file in sorted(folder.glob("*.safetensors")):
        tensors = load_file(file)
        if WORDS in tensors:
            tensors["cls.predictions.decoder.weight"] = tensors[WORDS]
        name = file.name.replace("model", "pytorch_model").replace(".safetensors", ".bin")
        torch.save(tensors, folder / name, _use_new_zipfile_serialization=not old)
        file.unlink()
    index = folder / "model.safetensors.index.json"
    if index.is_file():
        text = index.read_text().replace("model-", "pytorch_model-").replace(".safetensors", ".bin")
        (folder / "pytorch_model.bin.index.json").write_text(text)
        index.unlink()


def test_every_tensor_is_the_models(form: Path) -> None:
    weights, module = read_weights(form), load_model(form)
    parameters = dict(module.module.named_parameters())
    assert set(parameters) <= set(weights.tensors)
    for name, parameter in parameters.items():
        found = as_float_rows(weights.tensors[name].read())
        np.testing.assert_array_equal(found, parameter.detach().numpy())
    assert weights.config["model_type"] == "bert"
    assert weights.label == form.name


def test_some_rows(form: Path) -> None:
    tensor = read_weights(form).tensors[WORDS]
    np.testing.assert_array_equal(tensor.read(3, 9), tensor.read()[3:9])


def test_layers_come_in_order() -> None:
    from lmgeo.core.tensors import ArrayTensor

    names = [f"layer.{i}.weight" for i in (10, 9, 1, 0, 2)]
    weights = StoredWeights.of("x", {name: ArrayTensor(np.zeros((1, 1))) for name in names})
    assert [name.split(".")[1] for name in weights.tensors] == ["0", "1", "2", "9", "10"]


def test_a_bin_file_that_holds_more_than_tensors_is_not_run(checkpoint: Path) -> None:
    ran = checkpoint / "ran"

    class Bomb:
        def __reduce__(self) -> tuple:
            return (Path.touch, (ran,))

    (checkpoint / "model.safetensors").unlink()
    torch.save({"a": torch.zeros(2, 2), "b": Bomb()}, checkpoint / "pytorch_model.bin")
    with pytest.raises(SpecError, match="cannot be read") as caught:
        read_weights(checkpoint)
    assert "safetensors" in caught.value.mend
    assert not ran.exists()


@pytest.mark.parametrize("cut", [0, 5, 300])
@pytest.mark.parametrize("name", ["model.safetensors", "pytorch_model.bin"])
def test_files_cut_short(cut: int, name: str, checkpoint: Path) -> None:
    whole = (checkpoint / "model.safetensors").read_bytes()
    (checkpoint / "model.safetensors").unlink()
    (checkpoint / name).write_bytes(whole[:cut])
    with pytest.raises(SpecError, match="cannot be read"):
        read_weights(checkpoint)


def test_shards_that_are_not_there_or_not_whole(tiny: Tiny, tmp_path: Path) -> None:
    tiny("bert").save_pretrained(tmp_path / "m", max_shard_size="6kB")
    shards = sorted((tmp_path / "m").glob("*.safetensors"))
    assert len(shards) > 2
    lost = shutil.copytree(tmp_path / "m", tmp_path / "lost")
    (lost / shards[1].name).unlink()
    with pytest.raises(SpecError, match=shards[1].name):
        read_weights(lost)
    shutil.copy(shards[0], tmp_path / "m" / shards[1].name)  # whole, and another
    with pytest.raises(SpecError, match=r"lack \d+ tensor"):
        read_weights(tmp_path / "m")


def test_a_folder_without_a_model(tmp_path: Path) -> None:
    for made in (False, True):
        if made:
            (tmp_path / "config.json").write_text(json.dumps({"model_type": "bert"}))
        with pytest.raises(SpecError, match="no weights" if made else "no model"):
            read_weights(tmp_path)


def test_neither_torch_nor_transformers_is_loaded_for_safetensors(saved: Path) -> None:
    code = f"""
import sys
from lmgeo.api.weighing import weights
found = weights({str(saved)!r}, "all", ["effective_rank*", "alpha", "mean_cosine", "partition_isotropy"])
assert len(found["objects"]) > 3
print([m for m in ("torch", "transformers", "huggingface_hub", "safetensors", "pandas", "dask") if m in sys.modules])
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
