"""Which matrix is meant: the same as a loaded model says, in every family; globs, ties, what is missing."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from lmgeo.core.errors import UnknownName
from lmgeo.core.tensors import ArrayTensor, as_float_rows
from lmgeo.models.handle import ModelHandle
from lmgeo.models.load import load_model
from lmgeo.models.stored_head import Found, special_matrices
from lmgeo.models.weight_files import StoredWeights, read_weights
from lmgeo.models.weight_names import select_matrices

Tiny = Callable[..., Any]


def saved_as(module: Any, folder: Path) -> Path:
    module.save_pretrained(folder)
    return folder


def handle_of(module: Any) -> ModelHandle:
    return ModelHandle(module, "tiny", lambda: None)


def values(weights: StoredWeights, found: Found | str) -> np.ndarray:
    assert isinstance(found, Found), found
    return as_float_rows(weights.tensors[found.parameter].read())


def test_embedding_and_unembedding_are_the_loaded_models(known: str, tiny: Tiny, tmp_path: Path) -> None:
    module = tiny(known)
    weights = read_weights(saved_as(module, tmp_path))
    special, head = special_matrices(weights), handle_of(module).unembedding()
    assert head is not None
    _, tensor, tied = head
    np.testing.assert_array_equal(values(weights, special["unembedding"]), tensor.numpy())
    np.testing.assert_array_equal(
        values(weights, special["embedding"]), module.get_input_embeddings().weight.detach().numpy()
    )
    assert [found.tied for found in special.values()] == [tied, tied]  # type: ignore[union-attr]


def test_a_model_without_a_head_has_no_unembedding(family: str, tiny: Tiny, tmp_path: Path) -> None:
    module = tiny(family, headless=True)
    weights = read_weights(saved_as(module, tmp_path))
    special = special_matrices(weights)
    assert handle_of(module).unembedding() is None
    assert type(module).__name__ in str(special["unembedding"])
    np.testing.assert_array_equal(
        values(weights, special["embedding"]), module.get_input_embeddings().weight.detach().numpy()
    )


def test_every_matrix_of_the_module_is_among_all(family: str, tiny: Tiny, tmp_path: Path) -> None:
    module = tiny(family)
    weights = read_weights(saved_as(module, tmp_path))
    selection = select_matrices(weights, ["all"])
    ours = sorted(as_float_rows(c.tensor.read()).sum() for c in selection.matrices.values())
    parameters = [p.detach().numpy() for p in module.parameters() if p.ndim == 2]
    if family != "mixtral":  # its experts are stored one by one, and loaded as one tensor
        assert ours == pytest.approx(sorted(p.sum() for p in parameters), abs=1e-5)
    covered = {c.parameter for c in selection.matrices.values()} | set(selection.left_out)
    assert set(weights.tensors) <= covered | {"embedding"}


def test_a_tied_matrix_is_measured_once_and_said(tiny: Tiny, tmp_path: Path) -> None:
    weights = read_weights(saved_as(tiny("bert"), tmp_path))
    selection = select_matrices(weights, ["all"])
    assert selection.matrices["unembedding"].tied
    assert selection.left_out["embedding"] == "tied: the same matrix as unembedding"
    assert "bert.embeddings.word_embeddings.weight" not in selection.matrices
    both = select_matrices(weights, ["embedding", "unembedding"]).matrices
    assert both["embedding"].parameter == both["unembedding"].parameter


def test_two_equal_matrices_are_tied_unless_the_configuration_denies_it(tiny: Tiny, tmp_path: Path) -> None:
    module = tiny("llama")
    module.lm_head.weight.data = module.model.embed_tokens.weight.data.clone()
    weights = read_weights(saved_as(module, tmp_path))
    assert weights.config["tie_word_embeddings"] is False
    assert special_matrices(weights)["unembedding"] == Found("lm_head.weight", False)
    free = {k: v for k, v in weights.config.items() if k != "tie_word_embeddings"}
    open_one = StoredWeights.of("x", weights.tensors, free)
    assert special_matrices(open_one)["unembedding"] == Found("lm_head.weight", True)


def test_a_head_stored_alone_is_the_embedding_where_the_configuration_ties_them() -> None:
    weights = {"lm_head.weight": ArrayTensor(np.zeros((9, 4)))}
    config = {"vocab_size": 9, "architectures": ["LlamaForCausalLM"]}
    for said, tied in ((True, True), (False, False), (None, False)):
        stored = StoredWeights.of("m", weights, {**config, "tie_word_embeddings": said})
        special = special_matrices(stored)
        assert special["unembedding"] == Found("lm_head.weight", tied)
        assert (special["embedding"] == Found("lm_head.weight", True)) == tied
        everything = select_matrices(stored, ["all"])
        assert list(everything.matrices) == ["unembedding"]
        assert everything.left_out["embedding"].startswith("tied" if tied else "no tensor")


@pytest.mark.parametrize(
    ("config", "said"),
    [
        ({"tie_word_embeddings": False, "architectures": ["BertForMaskedLM"]}, "not tied"),
        ({"architectures": ["BertForSequenceClassification"]}, "BertForSequenceClassification"),
        ({"architectures": None}, "no class is named"),
    ],
)
def test_a_head_that_is_not_stored(config: dict[str, Any], said: str) -> None:
    tensors = {"bert.embeddings.word_embeddings.weight": ArrayTensor(np.zeros((9, 4)))}
    assert said in str(special_matrices(StoredWeights.of("m", tensors, config))["unembedding"])


def test_the_first_berts_name_no_class_but_store_parts_of_a_head() -> None:
    tensors = {
        "bert.embeddings.word_embeddings.weight": ArrayTensor(np.zeros((9, 4))),
        "cls.predictions.bias": ArrayTensor(np.zeros(9)),
    }
    found = special_matrices(StoredWeights.of("m", tensors, {"vocab_size": 9}))
    assert found["unembedding"] == Found("bert.embeddings.word_embeddings.weight", True)


def test_rows_tell_the_vocabulary_from_its_neighbours() -> None:
    shapes = {"encoder.embed_tokens.weight": (30, 4), "decoder.embed_tokens.weight": (9, 4), "x.decoder.weight": (5, 4)}
    tensors = {name: ArrayTensor(np.zeros(shape)) for name, shape in shapes.items()}
    found = special_matrices(StoredWeights.of("m", tensors, {"vocab_size": 9}))
    assert found["embedding"] == Found("decoder.embed_tokens.weight", False)
    nested = special_matrices(StoredWeights.of("m", tensors, {"text_config": {"vocab_size": 30}}))
    assert nested["embedding"] == Found("encoder.embed_tokens.weight", False)


@pytest.fixture
def weights(tiny: Tiny, tmp_path: Path) -> StoredWeights:
    return read_weights(saved_as(tiny("gpt2"), tmp_path), "gpt")


def test_globs_names_and_their_order(weights: StoredWeights) -> None:
    found = select_matrices(weights, ["*.c_fc.*", "embedding", "transformer.wpe.weight"])
    assert [name.removeprefix("transformer.") for name in found.matrices] == [
        *(f"h.{i}.mlp.c_fc.weight" for i in range(3)),
        "embedding",
        "wpe.weight",
    ]
    assert [c.named for c in found.matrices.values()] == [False] * 3 + [True] * 2
    assert set(found.left_out) == {f"transformer.h.{i}.mlp.c_fc.bias" for i in range(3)}
    assert "1 dimension" in found.left_out["transformer.h.0.mlp.c_fc.bias"]
    own = select_matrices(weights, ["transformer.wte.weight"]).matrices
    assert list(own) == ["transformer.wte.weight"]


@pytest.mark.parametrize(
    ("asked", "near"),
    [
        ("unembeding", "'unembedding'"),
        ("transformer.wte.weigth", "'transformer.wte.weight'"),
        ("h.1.c_fc", "'transformer.h.1.mlp.c_fc.weight'"),
        ("zzz", "choose among all, unembedding"),
    ],
)
def test_a_name_that_is_none_is_answered_with_the_near_ones(weights: StoredWeights, asked: str, near: str) -> None:
    with pytest.raises(UnknownName, match="in gpt") as caught:
        select_matrices(weights, [asked])
    assert near in caught.value.mend


def test_types_that_are_no_floats_are_left_out() -> None:
    tensors = {"q.weight": ArrayTensor(np.zeros((4, 4), np.int8)), "w.weight": ArrayTensor(np.zeros((4, 4)))}
    found = select_matrices(StoredWeights.of("m", tensors), ["all"])
    assert list(found.matrices) == ["w.weight"]
    assert "I8" in found.left_out["q.weight"]


def test_a_spec_tells_the_names_of_what_it_will_make(tmp_path: Path) -> None:
    from lmgeo.core.spec.model import PretrainSpec
    from lmgeo.models.build import build_model, unbuilt_weights

    state = torch.random.get_rng_state()
    for architecture in ("bert", "modernbert"):
        spec = PretrainSpec(architecture=architecture, width=16, layers=2, vocabulary=300)
        planned = select_matrices(unbuilt_weights(spec), ["all"]).matrices
        build_model(spec, 280, 0).save_pretrained(tmp_path / architecture)
        made = select_matrices(read_weights(tmp_path / architecture), ["all"]).matrices
        assert {n: c.parameter for n, c in planned.items()} == {n: c.parameter for n, c in made.items()}
        assert json.loads((tmp_path / architecture / "config.json").read_text())["vocab_size"] == 280
    assert torch.equal(torch.random.get_rng_state(), state)


def test_a_handle_gives_the_same_by_name(tiny: Tiny, tmp_path: Path) -> None:
    handle = load_model(saved_as(tiny("llama"), tmp_path))
    weights = read_weights(tmp_path)
    for name, chosen in select_matrices(weights, ["all"]).matrices.items():
        tensor = handle.matrix(name)
        assert tensor is not None
        np.testing.assert_array_equal(as_float_rows(chosen.tensor.read()), tensor.numpy())
