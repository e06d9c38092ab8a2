"""Second moments of layers' inputs: what a plain pass of each text alone gives, in every kind of layer."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from lmgeo.core.errors import NotEnoughData, SpecError
from lmgeo.core.tokens import TokenSequence
from lmgeo.models.handle import ModelHandle
from lmgeo.represent.inputs import input_second_moments

KINDS = ["bert", "modernbert", "llama", "gpt2", "gpt_neox", "albert", "opt"]


def module_of(kind: str):
    from transformers import AutoConfig, AutoModel

    own = {"n_embd": 16, "n_layer": 2, "n_head": 2, "n_positions": 40}
    usual = {
        "hidden_size": 16,
        "num_hidden_layers": 2,
        "num_attention_heads": 2,
        "intermediate_size": 24,
        "max_position_embeddings": 40,
    }
    extra = {"albert": {"embedding_size": 8}, "opt": {"ffn_dim": 24, "word_embed_proj_dim": 16}}.get(kind, {})
    if kind == "modernbert":
        extra = {"cls_token_id": 1, "sep_token_id": 2}
    ids = {"vocab_size": 50, "pad_token_id": 0, "bos_token_id": 1, "eos_token_id": 2}
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(3)
        return AutoModel.from_config(AutoConfig.for_model(kind, **ids, **(own if kind == "gpt2" else usual), **extra))


class Pad:
    pad_token_id, eos_token_id, model_max_length = 0, 2, 40


@pytest.fixture(params=KINDS)
def handle(request) -> ModelHandle:
    return ModelHandle(module_of(request.param), request.param, Pad)


def sequences(lengths=(9, 3, 14, 1, 9)) -> list[TokenSequence]:
    rng = np.random.default_rng(0)
    return [
        TokenSequence(rng.integers(3, 50, n).astype(np.int32), np.zeros(n, bool), np.zeros(n, np.int8)) for n in lengths
    ]


def layers_of(handle: ModelHandle) -> list[str]:
    return [n for n, w in handle.weights().items() if w.block is not None and w.input_axis is not None]


def plain_moments(handle: ModelHandle, texts: list[TokenSequence], name: str) -> np.ndarray:
    """One text at a time, so that nothing is padded; one row at a time."""
    rows = []
    layer = handle.module.get_submodule(name.rpartition(".")[0])
    hook = layer.register_forward_hook(lambda _, args, __: rows.extend(args[0].reshape(-1, args[0].shape[-1])))
    with torch.no_grad():
        for text in texts:
            ids = torch.from_numpy(text.ids[None].astype(np.int64))
            handle.module.eval()(input_ids=ids, attention_mask=torch.ones_like(ids))
    hook.remove()
    return sum(np.outer(row, row) for row in (r.double().numpy() for r in rows)) / len(rows)


def test_they_are_those_of_each_text_alone(handle):
    layers = layers_of(handle)
    assert len(layers) >= 4
    found = input_second_moments(handle, sequences(), layers)
    assert list(found) == layers
    for name in (*layers[:3], layers[-1]):
        expected = plain_moments(handle, sequences(), name)
        weight = handle.weights()[name]
        assert found[name].shape == (weight.tensor.shape[weight.input_axis],) * 2
        np.testing.assert_allclose(found[name], expected, rtol=1e-4, atol=1e-5 * np.abs(expected).max())


def test_nothing_stays_hooked_and_a_second_pass_gives_the_same(handle):
    layers = layers_of(handle)
    first, second = (input_second_moments(handle, sequences(), layers) for _ in range(2))
    assert all(np.array_equal(first[n], second[n]) for n in layers)
    assert not any(m._forward_pre_hooks for m in handle.module.modules())


def test_what_is_no_linear_layer_is_refused():
    handle = ModelHandle(module_of("bert"), "tiny", Pad)
    norm = next(n for n, w in handle.weights().items() if w.block is not None and w.input_axis is None)
    for name in (norm, "nothing.weight"):
        with pytest.raises(SpecError, match=name):
            input_second_moments(handle, sequences(), [name])
    assert not any(m._forward_pre_hooks for m in handle.module.modules())


def test_text_without_a_token_is_refused():
    handle = ModelHandle(module_of("llama"), "tiny", Pad)
    with pytest.raises(NotEnoughData, match="none of 2"):
        input_second_moments(handle, sequences((0, 0)), layers_of(handle))


def test_inputs_that_are_not_finite_are_refused():
    module = module_of("llama")
    module.layers[0].mlp.up_proj.weight.data[0, 0] = float("inf")
    handle = ModelHandle(module, "broken", Pad)
    with pytest.raises(SpecError, match=r"broken before .*down_proj"):
        input_second_moments(handle, sequences(), layers_of(handle))
