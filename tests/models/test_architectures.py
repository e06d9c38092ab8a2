"""The causal architectures that are trained here: their blocks, ends, counts and seeds."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch

from lmgeo.core.spec.pretrain import PretrainSpec
from lmgeo.models.build import build_model, flops_a_token, run_facts
from lmgeo.models.handle import ModelHandle

SMALL: dict[str, Any] = {"width": 16, "layers": 2, "heads": 2, "max_length": 24, "vocabulary": 300}
KINDS = [("olmo2", None), ("stablelm", False), ("stablelm", True), ("gpt_neox", True), ("gpt_neox", False)]
IDS = torch.arange(5, 29)[None]


def spec_of(architecture: str, parallel: bool | None = None, **changes: Any) -> PretrainSpec:
    return PretrainSpec(**{"architecture": architecture, "parallel": parallel, **SMALL, **changes})


def built(architecture: str, parallel: bool | None = None, **changes: Any) -> Any:
    return build_model(spec_of(architecture, parallel, **changes), 300, 0)


@pytest.fixture(params=KINDS, ids=lambda kind: f"{kind[0]}-{kind[1]}")
def kind(request: pytest.FixtureRequest) -> tuple[str, bool | None]:
    return request.param


@pytest.mark.parametrize("tied", [False, True])
def test_it_is_transformers_own_with_ends_tied_or_not(kind: tuple[str, bool | None], tied: bool) -> None:
    module = built(*kind, tied=tied)
    assert type(module).__module__.startswith(f"transformers.models.{kind[0]}")
    ends = module.get_input_embeddings().weight, module.get_output_embeddings().weight
    assert (ends[0] is ends[1]) is tied
    assert (ends[0].shape, ends[1].shape) == ((300, 16), (300, 16))
    assert {p.dtype for p in module.parameters()} == {torch.float32}
    module(input_ids=IDS).logits.square().mean().backward()
    assert all(p.grad is not None and p.grad.abs().sum() > 0 for p in module.parameters())
    if tied:  # the separator is no padding: its row is trained
        assert ends[1].grad[0].abs().sum() > 0


@pytest.mark.parametrize("tied", [False, True])
def test_parameters_are_what_the_spec_says_and_a_hand_counts(kind: tuple[str, bool | None], tied: bool) -> None:
    d, inner, vocabulary = 16, 40, 300  # 40: 8/3 of 16, to a multiple of 8
    gated = 3 * d * inner
    block = {
        ("olmo2", None): 4 * d * d + gated + 4 * d,  # a norm on what each part adds, and on queries and keys
        ("stablelm", False): 4 * d * d + gated + 4 * d,  # two norms with biases
        ("stablelm", True): 4 * d * d + gated + 2 * d,  # one norm, which both parts read
        ("gpt_neox", True): 4 * d * d + 4 * d + 8 * d * d + 5 * d + 4 * d,  # biases everywhere, two norms
        ("gpt_neox", False): 4 * d * d + 4 * d + 8 * d * d + 5 * d + 4 * d,
    }[kind]
    body = 2 * block + (d if kind[0] == "olmo2" else 2 * d)
    facts = run_facts(spec_of(*kind, tied=tied))
    assert facts["body_parameters"] == body
    assert facts["parameters"] == body + (1 if tied else 2) * vocabulary * d
    assert facts["parameters"] == sum(p.numel() for p in built(*kind, tied=tied).parameters())


def test_flops_are_a_hands_count() -> None:
    spec = spec_of("olmo2", steps=3, batch_size=4)
    d, inner, length, layers = 16, 40, 24, 2
    multiplying = layers * (4 * d * d + 3 * d * inner + 4 * d) + d + 300 * d
    attention = 0
    for place in range(1, length + 1):  # scores and the mean of values: two products and sums a seen token and column
        attention += layers * 2 * 2 * d * place
    exact = 3 * 2 * multiplying + 3 * attention / length  # backward costs twice the forward
    module = built("olmo2")
    assert flops_a_token(module, length) == 6 * multiplying + 6 * layers * d * length
    assert flops_a_token(module, length) == pytest.approx(
        exact, rel=0.01
    )  # the mean of 1 … T is half a token above T/2
    assert run_facts(spec)["flops"] == 3 * 4 * 24 * flops_a_token(module, length)
    assert flops_a_token(built("olmo2", tied=True), length) == flops_a_token(module, length)
    assert run_facts(PretrainSpec(architecture="bert", **SMALL))["flops"] is None


def test_sites_are_the_hidden_states(kind: tuple[str, bool | None]) -> None:
    handle = ModelHandle(built(*kind), kind[0], lambda: None)
    assert handle.sites == ("embeddings", "block.0", "block.1", "final_prenorm", "final")
    found = handle.forward(IDS, torch.ones_like(IDS), handle.sites)
    with torch.no_grad():
        output = handle.backbone(input_ids=IDS, output_hidden_states=True)
        logits = handle.module(input_ids=IDS).logits
    torch.testing.assert_close(found["embeddings"], output.hidden_states[0])
    torch.testing.assert_close(found["block.0"], output.hidden_states[1])
    torch.testing.assert_close(found["final"], output.hidden_states[2])
    torch.testing.assert_close(found["final"], output.last_hidden_state)
    with torch.no_grad():
        unembedded = found["final"] @ handle.module.get_output_embeddings().weight.T
    torch.testing.assert_close(unembedded, logits)
    assert not torch.allclose(found["block.1"], found["final"])


def test_nothing_sees_what_comes_later(kind: tuple[str, bool | None]) -> None:
    module = built(*kind)
    other = IDS.clone()
    other[0, 15:] = 200
    with torch.no_grad():
        one, two = module(input_ids=IDS).logits[0], module(input_ids=other).logits[0]
    torch.testing.assert_close(one[:15], two[:15])
    assert not torch.allclose(one[15:], two[15:])


@pytest.mark.parametrize("architecture", ["stablelm", "gpt_neox"])
@pytest.mark.parametrize("parallel", [True, False])
def test_parts_stand_side_by_side_or_one_after_the_other(architecture: str, parallel: bool) -> None:
    module = built(architecture, parallel, layers=1)
    backbone = module.base_model
    block = backbone.layers[0]
    attention = block.attention if architecture == "gpt_neox" else block.self_attn
    seen: dict[str, torch.Tensor] = {}

    def keep(name: str) -> Callable[..., None]:
        def hook(part: Any, inputs: Any, kwargs: Any, output: Any) -> None:
            given = inputs[0] if inputs else kwargs["hidden_states"]
            seen[f"{name}.in"], seen[f"{name}.out"] = given, output[0] if isinstance(output, tuple) else output

        return hook

    for name, part in (("block", block), ("attention", attention), ("mlp", block.mlp)):
        part.register_forward_hook(keep(name), with_kwargs=True)
    with torch.no_grad():
        module(input_ids=IDS)
        one_norm = architecture == "stablelm" and parallel
        norm = block.input_layernorm if one_norm else block.post_attention_layernorm
        read = seen["block.in"] if parallel else seen["block.in"] + seen["attention.out"]
        torch.testing.assert_close(seen["mlp.in"], norm(read))
    torch.testing.assert_close(seen["block.out"], seen["block.in"] + seen["attention.out"] + seen["mlp.out"])


def test_twins_that_differ_in_their_blocks_alone_have_the_same_parameters() -> None:
    parallel, sequential = built("gpt_neox"), built("gpt_neox", False)
    one, two = dict(parallel.named_parameters()), dict(sequential.named_parameters())
    assert one.keys() == two.keys()
    assert all(torch.equal(one[name], two[name]) for name in one)
    assert not torch.allclose(parallel(input_ids=IDS).logits, sequential(input_ids=IDS).logits)
    assert parallel.config.use_parallel_residual


def test_all_of_a_head_turns(kind: tuple[str, bool | None]) -> None:
    assert len(built(*kind).base_model.rotary_emb.inv_freq) == 16 // 2 // 2  # pairs of a head of 8


def test_the_seed_decides_and_the_global_generator_is_untouched(kind: tuple[str, bool | None]) -> None:
    def values(seed: int) -> torch.Tensor:
        return torch.cat([p.detach().flatten() for p in built(*kind, seed=seed).parameters()])

    before = torch.get_rng_state()
    one, same, other = values(1), values(1), values(2)
    run_facts(spec_of(*kind))
    assert torch.equal(torch.get_rng_state(), before)
    assert torch.equal(one, same)
    assert not torch.equal(one, other)


def test_dropout_is_the_specs(kind: tuple[str, bool | None]) -> None:
    def alike(dropout: float) -> bool:
        module = built(*kind, dropout=dropout).train()
        return torch.equal(module(input_ids=IDS).logits, module(input_ids=IDS).logits)

    assert alike(0.0)
    assert not alike(0.3)
