"""Loading: the right class, float32, and a clear refusal of what is broken or unsafe."""

from __future__ import annotations

import json
import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file, save_file

from lmgeo.core.errors import SpecError
from lmgeo.models.load import load_model

Tiny = Callable[..., Any]
WEIGHTS = "model.safetensors"


def edit_config(folder: Path, **changes: Any) -> None:
    config = json.loads((folder / "config.json").read_text())
    config.update(changes)
    (folder / "config.json").write_text(json.dumps({k: v for k, v in config.items() if v != "remove"}))


def edit_weights(folder: Path, change: Callable[[dict[str, torch.Tensor]], dict[str, torch.Tensor]]) -> None:
    tensors = change(load_file(folder / WEIGHTS))
    save_file(tensors, folder / WEIGHTS, metadata={"format": "pt"})


def without(prefix: str) -> Callable[[dict[str, torch.Tensor]], dict[str, torch.Tensor]]:
    return lambda tensors: {name: t for name, t in tensors.items() if not name.startswith(prefix)}


def test_every_family_comes_back_as_it_was(family: str, tiny: Tiny, tmp_path: Path) -> None:
    for headless in (False, True):
        module = tiny(family, headless)
        module.save_pretrained(tmp_path / str(headless))
        loaded = load_model(tmp_path / str(headless))
        assert type(loaded.module) is type(module)
        assert all(torch.equal(w.tensor, dict(module.named_parameters())[n]) for n, w in loaded.weights().items())
        assert not loaded.module.training
        assert loaded.notes == ()


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16, torch.float64])
def test_other_number_types_become_float32_and_it_is_said(dtype: torch.dtype, tiny: Tiny, tmp_path: Path) -> None:
    tiny("llama").to(dtype).save_pretrained(tmp_path)
    loaded = load_model(tmp_path)
    assert {w.tensor.dtype for w in loaded.weights().values()} == {torch.float32}
    (note,) = loaded.notes
    assert str(dtype).removeprefix("torch.") in note


def test_without_architectures_the_head_is_found(checkpoint: Path) -> None:
    edit_config(checkpoint, architectures="remove")
    assert load_model(checkpoint).unembedding() is not None
    edit_weights(checkpoint, without("cls."))
    assert load_model(checkpoint).unembedding() is None


def test_a_bert_from_before_types_were_named(checkpoint: Path) -> None:
    """As Google first released them: no type, gains called gamma, a .bin with heads of both tasks."""
    whole = load_model(checkpoint)
    edit_config(checkpoint, architectures="remove", model_type="remove")
    tensors = load_file(checkpoint / WEIGHTS)
    old = {n.replace("Norm.weight", "Norm.gamma").replace("Norm.bias", "Norm.beta"): t for n, t in tensors.items()}
    table = old["bert.embeddings.word_embeddings.weight"].clone()
    more = {"cls.predictions.decoder.weight": table, "cls.seq_relationship.weight": torch.zeros(2, 16)}
    torch.save(old | more, checkpoint / "pytorch_model.bin")
    (checkpoint / WEIGHTS).unlink()
    loaded = load_model(checkpoint)
    assert (loaded.family, type(loaded.module).__name__) == ("bert", "BertForMaskedLM")
    assert all(torch.equal(w.tensor, whole.weights()[n].tensor) for n, w in loaded.weights().items())


def test_a_pretraining_checkpoint_is_a_masked_model(checkpoint: Path) -> None:
    edit_config(checkpoint, architectures=["BertForPreTraining"])
    assert type(load_model(checkpoint).module).__name__ == "BertForMaskedLM"


def test_a_classifier_is_loaded_without_its_head(tmp_path: Path) -> None:
    from transformers import BertConfig, BertForSequenceClassification

    config = BertConfig(vocab_size=20, hidden_size=8, num_hidden_layers=1, num_attention_heads=1, intermediate_size=8)
    BertForSequenceClassification(config).save_pretrained(tmp_path)
    loaded = load_model(tmp_path)
    assert type(loaded.module).__name__ == "BertModel"
    assert any("pooler" in name for name in loaded.weights())


def test_a_missing_pooler_is_left_out_not_made_up(tiny: Tiny, tmp_path: Path) -> None:
    tiny("bert", headless=True).save_pretrained(tmp_path)
    edit_weights(tmp_path, without("pooler"))
    loaded = load_model(tmp_path)
    assert not any("pooler" in name for name in loaded.weights())
    ids = torch.ones(1, 3, dtype=torch.long)
    assert torch.isfinite(loaded.forward(ids, ids, ["final"])["final"]).all()


@pytest.mark.parametrize("prefix", ["bert.encoder.layer.1.", "cls.predictions.transform"])
def test_missing_tensors_are_never_random(prefix: str, checkpoint: Path) -> None:
    edit_weights(checkpoint, without(prefix))
    with pytest.raises(SpecError, match=prefix.replace(".", r"\.")) as error:
        load_model(checkpoint)
    assert "lacks" in error.value.what


def test_tensors_of_another_shape(checkpoint: Path) -> None:
    edit_config(checkpoint, intermediate_size=32)
    with pytest.raises(SpecError, match="cannot be read"):
        load_model(checkpoint)


def test_bin_files_that_hold_tensors_are_read(checkpoint: Path) -> None:
    whole = load_model(checkpoint)
    torch.save(load_file(checkpoint / WEIGHTS), checkpoint / "pytorch_model.bin")
    (checkpoint / WEIGHTS).unlink()
    loaded = load_model(checkpoint)
    assert all(torch.equal(w.tensor, whole.weights()[n].tensor) for n, w in loaded.weights().items())


class Trap:
    """Pickled, it would make a file when read."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[Any, ...]:
        return Path.touch, (self.path,)


@pytest.mark.parametrize("form", ["torch", "pickle"])
def test_a_bin_file_that_holds_code_is_refused(form: str, checkpoint: Path, tmp_path: Path) -> None:
    (checkpoint / WEIGHTS).unlink()
    content = {"bert.embeddings.LayerNorm.weight": Trap(tmp_path / "sprung")}
    if form == "torch":
        torch.save(content, checkpoint / "pytorch_model.bin")
    else:
        (checkpoint / "pytorch_model.bin").write_bytes(pickle.dumps(content))
    with pytest.raises(SpecError, match="safetensors"):
        load_model(checkpoint)
    assert not (tmp_path / "sprung").exists()


def test_safetensors_go_before_bin(checkpoint: Path) -> None:
    (checkpoint / "pytorch_model.bin").write_bytes(b"never read")
    load_model(checkpoint)


def test_sharded_weights(checkpoint: Path) -> None:
    whole = load_model(checkpoint)
    (checkpoint / WEIGHTS).unlink()
    whole.module.save_pretrained(checkpoint, max_shard_size="8KB")
    assert (checkpoint / "model.safetensors.index.json").is_file()
    loaded = load_model(checkpoint)
    assert all(torch.equal(w.tensor, whole.weights()[n].tensor) for n, w in loaded.weights().items())


@pytest.mark.parametrize("cut", [0, 4, 500, 20_000])
def test_a_truncated_file(cut: int, checkpoint: Path) -> None:
    data = (checkpoint / WEIGHTS).read_bytes()
    (checkpoint / WEIGHTS).write_bytes(data[:cut])
    with pytest.raises(SpecError):
        load_model(checkpoint)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"model_type": "brt"}, "unknown model_type 'brt'"),
        ({"model_type": "remove"}, "no model_type"),
        ({"model_type": "remove", "architectures": "remove", "type_vocab_size": "remove"}, "no model_type"),
        ({"model_type": 7}, "no model_type"),
        ({"num_attention_heads": 5}, "cannot be read|config.json"),
        ({"hidden_size": "wide"}, "config.json|cannot be read"),
    ],
)
def test_a_configuration_that_is_wrong(changes: dict[str, Any], message: str, checkpoint: Path) -> None:
    edit_config(checkpoint, **changes)
    with pytest.raises(SpecError, match=message):
        load_model(checkpoint)


def test_code_of_a_checkpoint_is_never_run(checkpoint: Path, tmp_path: Path) -> None:
    trap = f"from pathlib import Path\nPath({str(tmp_path / 'sprung')!r}).touch()\n"
    (checkpoint / "modeling_own.py").write_text(trap)
    edit_config(checkpoint, auto_map={"AutoConfig": "modeling_own.C", "AutoModelForMaskedLM": "modeling_own.M"})
    load_model(checkpoint)
    edit_config(checkpoint, model_type="own")
    with pytest.raises(SpecError):
        load_model(checkpoint)
    assert not (tmp_path / "sprung").exists()


def test_what_is_no_checkpoint(tmp_path: Path, checkpoint: Path) -> None:
    with pytest.raises(SpecError, match="not there"):
        load_model(tmp_path / "nothing")
    (tmp_path / "empty").mkdir()
    with pytest.raises(SpecError, match=r"no config\.json"):
        load_model(tmp_path / "empty")
    (checkpoint / WEIGHTS).unlink()
    with pytest.raises(SpecError, match="no weights"):
        load_model(checkpoint)
    (checkpoint / "config.json").write_text("{")
    with pytest.raises(SpecError, match="not readable JSON"):
        load_model(checkpoint)


def test_without_tokenizer_the_weights_are_there_all_the_same(checkpoint: Path) -> None:
    for file in ("tokenizer.json", "tokenizer_config.json"):
        (checkpoint / file).unlink()
    loaded = load_model(checkpoint)
    assert loaded.max_length == 40
    assert len(loaded.weights()) > 0
    with pytest.raises(SpecError, match="no tokenizer"):
        loaded.encode(["a"])
    loaded.save(checkpoint / "copy")
    assert not (checkpoint / "copy" / "tokenizer.json").exists()


def test_a_broken_tokenizer(checkpoint: Path) -> None:
    (checkpoint / "tokenizer.json").write_text("{}")
    with pytest.raises(SpecError, match="tokenizer"):
        load_model(checkpoint).encode(["a"])


def test_the_untrained_twin(checkpoint: Path) -> None:
    trained = load_model(checkpoint)
    (checkpoint / WEIGHTS).unlink()  # it needs none
    state = torch.get_rng_state()
    one, same, other = (load_model(checkpoint, untrained_seed=s) for s in (1, 1, 2))
    assert torch.equal(torch.get_rng_state(), state)
    name = "bert.encoder.layer.0.intermediate.dense.weight"
    assert torch.equal(one.weights()[name].tensor, same.weights()[name].tensor)
    assert not torch.equal(one.weights()[name].tensor, other.weights()[name].tensor)
    assert list(one.weights()) == list(trained.weights())
    assert not one.module.training
    assert one.encode(["the cat"])[0].ids.tolist() == trained.encode(["the cat"])[0].ids.tolist()


@pytest.mark.shared
def test_a_real_checkpoint(shared: Path) -> None:
    loaded = load_model(shared / "data" / "models" / "TinyStories-656K")
    assert (loaded.family, loaded.width, loaded.max_length, loaded.vocabulary_size) == ("llama", 128, 512, 2048)
    assert loaded.is_decoder
    (sequence,) = loaded.encode(["Once upon a time"])
    assert sequence.special.tolist()[:2] == [True, False]
    assert loaded.unembedding()[2]  # type: ignore[index]


def test_a_twin_is_not_made_of_a_configuration_that_is_not_of_the_weights(checkpoint: Path) -> None:
    """An emptied configuration stands for its family's default, which may be a model that no memory holds."""
    config = json.loads((checkpoint / "config.json").read_text())
    (checkpoint / "config.json").write_text(json.dumps({**config, "hidden_size": 2 * config["hidden_size"]}))
    with pytest.raises(SpecError, match=r"is not of the weights beside it: .* there and .* by the configuration"):
        load_model(checkpoint, untrained_seed=0)
