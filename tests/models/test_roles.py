"""Every parameter of every family has the role and block that its place gives it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest

from lmgeo.core.errors import SpecError
from lmgeo.core.weights import Role, WeightView
from lmgeo.models.handle import ModelHandle

Tiny = Callable[..., Any]


def weights_of(module: Any) -> WeightView:
    def none() -> Any:
        raise SpecError("no tokenizer", "none is needed here")

    return ModelHandle(module, "tiny", none).weights()


def test_every_parameter_is_there_once(family: str, tiny: Tiny) -> None:
    module = tiny(family)
    weights = weights_of(module)
    assert list(weights) == [name for name, _ in module.named_parameters()]
    assert all(weights[n].tensor.data_ptr() == p.data_ptr() for n, p in module.named_parameters())


def test_blocks_hold_attention_mlp_and_norms(family: str, tiny: Tiny) -> None:
    inside = [w for w in weights_of(tiny(family)).values() if w.block is not None]
    roles = {role for w in inside if (role := w.role)}
    assert roles == {Role.ATTENTION, Role.MLP, Role.NORM}
    # ALBERT has one block that is used three times
    assert {w.block for w in inside} == ({0} if family == "albert" else {0, 1, 2})
    per_block = [Counter(w.role for w in inside if w.block == i and w.tensor.ndim >= 2) for i in (1, 2)]
    assert per_block[0] == per_block[1]


def test_norms_in_blocks_are_vectors_and_gains_are_no_biases(family: str, tiny: Tiny) -> None:
    for name, weight in weights_of(tiny(family)).items():
        if weight.role is Role.NORM:
            assert weight.tensor.ndim == 1
            assert weight.bias == name.endswith("bias")
        if weight.block is not None and weight.tensor.ndim == 1 and not weight.bias:
            assert weight.role is Role.NORM
        if weight.bias:
            assert weight.tensor.ndim == 1


def test_embeddings_and_head(family: str, tiny: Tiny, is_encoder: Callable[[str], bool]) -> None:
    module = tiny(family)
    weights = weights_of(module)
    table = module.get_input_embeddings().weight
    (name,) = [n for n, p in module.named_parameters() if p is table]
    assert weights[name].role is Role.EMBEDDING
    backbone = {id(p) for p in module.base_model.parameters()}
    for n, p in module.named_parameters():
        assert (weights[n].role is Role.HEAD) == (id(p) not in backbone)
    assert any(w.role is Role.HEAD for w in weights.values()) == (is_encoder(family) or family not in ("gpt2", "opt"))


@pytest.mark.parametrize(
    ("name", "role", "block", "bias"),
    [
        ("embeddings.LayerNorm.weight", Role.EMBEDDING, None, False),
        ("embeddings.position_embeddings.weight", Role.EMBEDDING, None, False),
        ("encoder.layer.1.attention.self.query.bias", Role.ATTENTION, 1, True),
        ("encoder.layer.1.attention.output.dense.weight", Role.ATTENTION, 1, False),
        ("encoder.layer.2.attention.output.LayerNorm.weight", Role.NORM, 2, False),
        ("encoder.layer.2.output.dense.weight", Role.MLP, 2, False),
        ("encoder.layer.0.intermediate.dense.bias", Role.MLP, 0, True),
        ("encoder.layer.0.output.LayerNorm.bias", Role.NORM, 0, True),
        ("pooler.dense.weight", Role.POOLER, None, False),
    ],
)
def test_a_bert_by_name(name: str, role: Role, block: int | None, bias: bool, tiny: Tiny) -> None:
    weight = weights_of(tiny("bert", headless=True))[name]
    assert (weight.role, weight.block, weight.bias) == (role, block, bias)


@pytest.mark.parametrize(
    ("kind", "name", "role"),
    [
        ("gpt2", "transformer.ln_f.weight", Role.NORM),
        ("gpt2", "transformer.wpe.weight", Role.EMBEDDING),
        ("modernbert", "model.final_norm.weight", Role.NORM),
        ("modernbert", "model.embeddings.norm.weight", Role.EMBEDDING),
        ("modernbert", "head.norm.weight", Role.HEAD),
        ("olmo2", "model.layers.0.self_attn.q_norm.weight", Role.NORM),
        ("electra", "electra.embeddings_project.weight", Role.EMBEDDING),
        ("opt", "model.decoder.final_layer_norm.weight", Role.NORM),
        ("distilbert", "vocab_transform.weight", Role.HEAD),
        ("mixtral", "model.layers.0.mlp.experts.down_proj", Role.MLP),
    ],
)
def test_others_by_name(kind: str, name: str, role: Role, tiny: Tiny) -> None:
    assert weights_of(tiny(kind))[name].role is role
