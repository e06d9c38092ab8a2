"""Where models are looked for; the hub's part runs on a cache made by hand, without network."""

from __future__ import annotations

from pathlib import Path

import pytest

from lmgeo.core.errors import SpecError
from lmgeo.models.hub import files_to_fetch
from lmgeo.models.source import resolve

COMMIT = "0123456789abcdef0123456789abcdef01234567"


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A hub cache with one model in it, and no network allowed."""
    import huggingface_hub.constants

    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_CACHE", str(tmp_path))
    monkeypatch.setenv("LMGEO_OFFLINE", "1")
    folder = tmp_path / "models--me--tiny"
    (folder / "snapshots" / COMMIT).mkdir(parents=True)
    (folder / "snapshots" / COMMIT / "config.json").write_text("{}")
    (folder / "refs").mkdir()
    (folder / "refs" / "main").write_text(COMMIT)
    return tmp_path


def test_a_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "mine").mkdir()
    found = resolve(str(tmp_path / "mine"))
    assert (found.path, found.label, found.revision) == (tmp_path / "mine", "mine", None)
    monkeypatch.chdir(tmp_path / "mine")
    assert resolve(".").label == "mine"


@pytest.mark.parametrize(
    ("name", "mend"),
    [("prajjwal1/bert-small", "hf:prajjwal1/bert-small"), ("./nothing", "folder that exists"), ("", "folder")],
)
def test_what_is_not_there(name: str, mend: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    if not name:
        name = str(tmp_path / "none")
    with pytest.raises(SpecError) as error:
        resolve(name)
    assert mend in error.value.mend


def test_a_file_is_no_model(tmp_path: Path) -> None:
    (tmp_path / "cloud.npy").write_bytes(b"")
    with pytest.raises(SpecError, match="a file, not a model"):
        resolve(str(tmp_path / "cloud.npy"))


def test_the_cache_is_enough_offline(cache: Path) -> None:
    found = resolve("hf:me/tiny")
    assert (found.label, found.revision) == ("hf:me/tiny", COMMIT)
    assert (found.path / "config.json").is_file()
    assert resolve(f"hf:me/tiny@{COMMIT}").path == found.path


@pytest.mark.parametrize("name", ["hf:me/other", "hf:me/tiny@v2", "hf:", "hf:a/b/c"])
def test_what_the_cache_lacks(name: str, cache: Path) -> None:
    with pytest.raises(SpecError) as error:
        resolve(name)
    assert name in error.value.what
    assert "offline" in error.value.mend


def test_one_form_of_the_weights_is_fetched() -> None:
    both = ["config.json", "model.safetensors", "pytorch_model.bin", "onnx/model.onnx", "vocab.txt", "README.md"]
    assert files_to_fetch(both) == ["config.json", "model.safetensors", "vocab.txt"]
    assert "pytorch_model.bin" in files_to_fetch([f for f in both if not f.endswith("safetensors")])
