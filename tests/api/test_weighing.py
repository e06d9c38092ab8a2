"""`lmgeo.weights`: what it takes, what it says, what it keeps and does not read twice."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

import lmgeo
from lmgeo.core.errors import NotEnoughData, SpecError, UnknownName
from lmgeo.core.safetensors import StoredTensor, read_header, to_bytes

SPECTRAL = ["effective_rank", "isoscore"]
NAME = "model.layers.0.attn.Wqkv.weight"


@pytest.fixture
def matrices() -> dict[str, np.ndarray]:
    rng = np.random.default_rng(0)
    return {
        "a": rng.normal(size=(40, 12)),
        "b": rng.normal(size=(9, 30)).astype(np.float32),
        "bias": rng.normal(size=4),
    }


@pytest.fixture
def unread(monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """The files that tensors were read of."""
    read: list[Path] = []
    plain = StoredTensor.read

    def noted(self: StoredTensor, start: int = 0, stop: int | None = None) -> np.ndarray:
        read.append(self.file)
        return plain(self, start, stop)

    monkeypatch.setattr(StoredTensor, "read", noted)
    return read


def test_a_checkpoint_by_default_and_whole(checkpoint: Path) -> None:
    found = lmgeo.weights(str(checkpoint), measures=SPECTRAL)
    assert list(found["objects"]) == ["unembedding"]
    one = found["objects"]["unembedding"]
    assert (one["stored"], one["tied"], one["centred"]) == ("float32", True, False)
    assert one["parameter"].endswith("tok_embeddings.weight")
    assert list(one["measures"]) == SPECTRAL
    assert found["model"] == {"family": "modernbert"}
    assert (found["source"], found["failed"]) == (str(checkpoint), [])
    assert found["protocol"]["name"] == "default"
    everything = lmgeo.weights(checkpoint, "all", "effective_rank")
    assert len(everything["objects"]) > 3
    assert {"object": "embedding", "reason": "tied: the same matrix as unembedding"} in everything["left_out"]
    assert any(entry["object"].endswith("norm.weight") for entry in everything["left_out"])
    assert json.loads(json.dumps(everything, allow_nan=False)) == everything


def test_a_module_a_state_dict_and_arrays(checkpoint: Path, matrices: dict[str, np.ndarray]) -> None:
    from lmgeo.models.load import load_model

    expected = lmgeo.weights(checkpoint, ["unembedding", NAME], SPECTRAL)["objects"]
    handle = load_model(checkpoint)
    for model in (handle, handle.module):
        found = lmgeo.weights(model, ["unembedding", NAME], SPECTRAL)["objects"]
        assert found["unembedding"]["tied"]
        for name, one in found.items():
            for measure, m in one["measures"].items():
                assert m["value"] == pytest.approx(expected[name]["measures"][measure]["value"], rel=1e-9)
    state = lmgeo.weights(handle.module.state_dict(), NAME, SPECTRAL)["objects"][NAME]
    assert state["measures"]["isoscore"]["value"] == pytest.approx(expected[NAME]["measures"]["isoscore"]["value"])
    several = lmgeo.weights(matrices, measures=SPECTRAL)
    assert list(several["objects"]) == ["a", "b"]
    assert several["left_out"][-1] == {"object": "bias", "reason": "it has 1 dimension, not 2"}
    assert several["model"] is None
    alone = lmgeo.weights(matrices["a"], measures=SPECTRAL)["objects"]
    assert list(alone) == ["matrix"]
    assert alone["matrix"]["measures"] == several["objects"]["a"]["measures"]
    tensor = lmgeo.weights(torch.from_numpy(matrices["a"]).bfloat16(), measures=SPECTRAL)["objects"]["matrix"]
    assert tensor["stored"] == "bfloat16"


def test_centring_is_said_and_moves_what_is_not_always_centred(matrices: dict[str, np.ndarray]) -> None:
    W = matrices["a"] + 3
    plain, centred = (lmgeo.weights(W, measures=SPECTRAL, centre=c)["objects"]["matrix"] for c in (False, True))
    assert (plain["centred"], centred["centred"]) == (False, True)
    assert plain["measures"]["isoscore"]["value"] == pytest.approx(centred["measures"]["isoscore"]["value"])
    assert plain["measures"]["effective_rank"]["value"] < centred["measures"]["effective_rank"]["value"]


@pytest.mark.parametrize(
    ("model", "settings", "error", "said"),
    [
        ("/nowhere", {}, SpecError, "/nowhere"),
        (3, {}, SpecError, "int"),
        ({"a": "text"}, {}, SpecError, "str"),
        (np.zeros((3, 3)), {"measures": "effective_rank"}, NotEnoughData, "all entries are zero"),
        (np.zeros(3), {}, NotEnoughData, "1 dimension"),
        (np.eye(3), {"matrices": "matirx"}, UnknownName, "'matrix'"),
        (np.eye(3), {"measures": "vrm"}, SpecError, "not defined for weight matrices"),
    ],
)
def test_what_cannot_be_measured(model: Any, settings: dict[str, Any], error: type[Exception], said: str) -> None:
    with pytest.raises(error, match=said):
        lmgeo.weights(model, **settings)


def test_nan_fails_what_was_named_and_is_listed_among_all(matrices: dict[str, np.ndarray]) -> None:
    matrices["a"][3, 1] = np.nan
    found = lmgeo.weights(matrices, "all", SPECTRAL)
    assert (list(found["objects"]), found["failed"]) == (["b"], ["a"])
    assert any(entry["object"] == "a" and "row 3, column 1" in entry["reason"] for entry in found["left_out"])
    with pytest.raises(SpecError, match=r"a: .* row 3, column 1"):
        lmgeo.weights(matrices, ["b", "a"], SPECTRAL)


def test_spectra_are_kept_and_serve_other_measures(checkpoint: Path, unread: list[Path], tmp_path: Path) -> None:
    first = lmgeo.weights(checkpoint, "all", ["effective_rank"], out=tmp_path / "out")
    assert json.loads((tmp_path / "out" / "weights.json").read_text()) == first
    assert first["notes"] == []
    fresh = lmgeo.weights(checkpoint, "all", ["stable_rank", "isoscore", "condition_number"])
    unread.clear()
    again = lmgeo.weights(checkpoint, "all", ["stable_rank", "isoscore", "condition_number"], out=tmp_path / "out")
    assert {file.name for file in unread} == {"spectra.safetensors"}
    assert "matrices read from those kept: unembedding, " in again["notes"][0]
    for name, one in again["objects"].items():
        for measure, found in one["measures"].items():
            value = fresh["objects"][name]["measures"][measure]["value"]
            assert found["value"] == (None if value is None else pytest.approx(value, rel=1e-6))
    centred = lmgeo.weights(checkpoint, "all", ["condition_number"], centre=True, out=tmp_path / "out")
    assert {file.name for file in unread} == {"spectra.safetensors"}
    assert centred["notes"]


def test_an_interrupted_run_keeps_its_spectra(checkpoint: Path, tmp_path: Path) -> None:
    def stop(label: str, done: float, total: float) -> None:
        if done == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        lmgeo.weights(checkpoint, "all", SPECTRAL, out=tmp_path, progress=stop)
    assert not (tmp_path / "weights.json").exists()
    assert "unembedding" in lmgeo.weights(checkpoint, measures=SPECTRAL, out=tmp_path)["notes"][0]


def test_bad_input_writes_nothing(matrices: dict[str, np.ndarray], tmp_path: Path) -> None:
    matrices["b"][1, 1] = np.inf
    with pytest.raises(SpecError):
        lmgeo.weights(matrices, ["a", "b"], SPECTRAL, out=tmp_path / "out")
    with pytest.raises(NotEnoughData):
        lmgeo.weights(np.zeros((4, 4)), measures=SPECTRAL, out=tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_measures_of_rows_read_the_rows_all_the_same(checkpoint: Path, unread: list[Path], tmp_path: Path) -> None:
    lmgeo.weights(checkpoint, measures=SPECTRAL, out=tmp_path)
    unread.clear()
    found = lmgeo.weights(checkpoint, measures=["mean_cosine", *SPECTRAL], out=tmp_path)
    assert found["objects"]["unembedding"]["measures"]["mean_cosine"]["value"] is not None
    assert "model.safetensors" in {file.name for file in unread}


def test_more_matrices_join_those_that_are_kept(checkpoint: Path, tmp_path: Path) -> None:
    lmgeo.weights(checkpoint, measures=SPECTRAL, out=tmp_path)
    second = lmgeo.weights(checkpoint, [NAME, "unembedding"], SPECTRAL, out=tmp_path)
    assert second["notes"] == ["spectra of 1 matrix read from those kept: unembedding"]
    tensors, notes = read_header(tmp_path / "spectra.safetensors")
    assert len(json.loads(notes["matrices"])) == 2
    assert {name.rpartition("/")[2] for name in tensors} == {"raw", "less_mean"}


def test_spectra_of_other_weights_are_not_taken(checkpoint: Path, tmp_path: Path) -> None:
    import shutil

    from safetensors.numpy import load_file

    changed = Path(shutil.copytree(checkpoint, tmp_path / "changed"))
    tensors = load_file(changed / "model.safetensors")
    tensors[NAME] = tensors[NAME] * 2
    (changed / "model.safetensors").write_bytes(to_bytes(tensors, {"format": "pt"}))
    before = lmgeo.weights(checkpoint, NAME, ["spectral_norm"], out=tmp_path / "out")
    after = lmgeo.weights(changed, NAME, ["spectral_norm"], out=tmp_path / "out")
    assert after["notes"] == []
    values = [d["objects"][NAME]["measures"]["spectral_norm"]["value"] for d in (before, after)]
    assert values[1] == pytest.approx(2 * values[0])


@pytest.mark.parametrize("damage", [b"", b"\x04\0\0\0\0\0\0\0null", to_bytes({"x": np.eye(2)}, {"format": "other"})])
def test_a_spectra_file_that_is_none_is_written_anew(damage: bytes, checkpoint: Path, tmp_path: Path) -> None:
    (tmp_path / "spectra.safetensors").write_bytes(damage)
    assert lmgeo.weights(checkpoint, measures=SPECTRAL, out=tmp_path)["notes"] == []
    assert lmgeo.weights(checkpoint, measures=SPECTRAL, out=tmp_path)["notes"]


def test_weights_in_memory_keep_spectra_but_trust_none(matrices: dict[str, np.ndarray], tmp_path: Path) -> None:
    for _ in range(2):
        assert lmgeo.weights(matrices, measures=SPECTRAL, out=tmp_path)["notes"] == []
    assert (tmp_path / "spectra.safetensors").is_file()


def test_gpt2s_own_layers_are_said_to_lie_the_other_way(tmp_path: Path) -> None:
    from transformers import GPT2Config, GPT2LMHeadModel

    config = GPT2Config(vocab_size=50, n_embd=8, n_layer=1, n_head=2, n_positions=8)
    GPT2LMHeadModel(config).save_pretrained(tmp_path)
    notes = [lmgeo.weights(tmp_path, m, SPECTRAL)["notes"] for m in ("*.c_fc.weight", "unembedding")]
    assert "row for each input" in notes[0][0]
    assert notes[1] == []


@pytest.mark.parametrize("large", [0, 300, 10**9])  # entries: all large, the first alone, none
def test_what_is_measured_beside_does_not_show(
    large: int, matrices: dict[str, np.ndarray], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("lmgeo.api.weighing._SMALL", large)
    both = lmgeo.weights(matrices)["objects"]
    for name in ("a", "b"):
        alone = lmgeo.weights({name: matrices[name]})["objects"][name]
        assert both[name].keys() == alone.keys()
        values = [{m: found["value"] for m, found in one["measures"].items()} for one in (both[name], alone)]
        assert values[0] == {m: v if v is None else pytest.approx(v, rel=1e-12) for m, v in values[1].items()}


def test_where_nothing_is_measured_another_matrix_is_asked_for() -> None:
    with pytest.raises(NotEnoughData, match=r"bias: it has 1 dimension, not 2[\s\S]*name another matrix"):
        lmgeo.weights({"bias": np.ones(4)})
    with pytest.raises(NotEnoughData, match="a larger cloud or matrix"):
        lmgeo.weights({"zeros": np.zeros((4, 3))})
