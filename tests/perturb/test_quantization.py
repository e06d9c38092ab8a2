"""Rounding and GPTQ of a model's weights: which tensors, which way round, which moments."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from lmgeo.core.errors import SpecError
from lmgeo.core.weights import Role, Weight, WeightView
from lmgeo.numerics.gptq import gptq
from lmgeo.numerics.rounding import round_to_nearest
from lmgeo.perturb.gptq import GptqSpec, apply_gptq
from lmgeo.perturb.round import RoundSpec, apply_round

LAYERS = {"0.q", "0.up", "1.q", "1.up"}


def tensor(*shape: int, seed: int = 0) -> torch.Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


@pytest.fixture
def weights() -> WeightView:
    return WeightView(
        {
            "emb": Weight(tensor(30, 8), Role.EMBEDDING, None, bias=False),
            "1.up": Weight(tensor(16, 8, seed=1), Role.MLP, 1, bias=False, input_axis=1),
            "0.q": Weight(tensor(8, 8, seed=2), Role.ATTENTION, 0, bias=False, input_axis=1),
            "0.q.bias": Weight(tensor(8), Role.ATTENTION, 0, bias=True),
            "0.positions": Weight(tensor(9, 8), Role.ATTENTION, 0, bias=False),
            "0.up": Weight(tensor(8, 16, seed=3), Role.MLP, 0, bias=False, input_axis=0),
            "0.norm": Weight(1 + tensor(8), Role.NORM, 0, bias=False),
            "1.q": Weight(tensor(8, 8, seed=4).bfloat16(), Role.ATTENTION, 1, bias=False, input_axis=1),
            "pooler": Weight(tensor(8, 8), Role.POOLER, None, bias=False, input_axis=1),
            "head": Weight(tensor(30, 8), Role.HEAD, None, bias=False, input_axis=1),
        }
    )


class Facts:
    """Remembers what was asked of it; its moments are of correlated inputs."""

    def __init__(self) -> None:
        self.asked: list[tuple[dict[str, torch.Tensor], list[str]]] = []

    def second_moments(self, changed, layers):
        self.asked.append((dict(changed), list(layers)))
        return {name: self.moments(name) for name in layers}

    def moments(self, name: str) -> np.ndarray:
        x = np.random.default_rng(len(name) + int(name[0])).normal(size=(20, 8)) @ np.tri(8)
        return x.T @ x / 20

    def initial_spread(self):
        raise AssertionError("not for quantization")


def test_linear_layers_of_the_blocks_and_no_other_tensor(weights):
    for changed in (apply_round(weights, RoundSpec(bits=3)), apply_gptq(weights, GptqSpec(bits=3), Facts())):
        assert list(changed) == list(weights)
        assert {n for n in weights if changed[n] is not weights[n].tensor} == LAYERS
        assert all(changed[n].dtype == w.tensor.dtype for n, w in weights.items())


def test_a_grid_for_each_output_whichever_way_round_a_layer_is_kept(weights):
    changed = apply_round(weights, RoundSpec(bits=2))
    assert all(len(set(row.tolist())) <= 4 for row in changed["1.up"])
    assert all(len(set(column.tolist())) <= 4 for column in changed["0.up"].T)
    assert max(len(set(row.tolist())) for row in changed["0.up"]) > 4
    expected = round_to_nearest(weights["0.up"].tensor.double().numpy().T, 2).values.T
    torch.testing.assert_close(changed["0.up"], torch.from_numpy(expected).float(), rtol=0, atol=0)


def test_gptq_goes_block_by_block_with_the_quantized_blocks_in_place(weights):
    facts = Facts()
    changed = apply_gptq(weights, GptqSpec(bits=3, act_order=True), facts)
    assert [layers for _, layers in facts.asked] == [["0.q", "0.up"], ["1.up", "1.q"]]
    first, second = (before for before, _ in facts.asked)
    assert first == {}
    assert set(second) == {"0.q", "0.up"}
    assert all(torch.equal(second[n], changed[n]) for n in second)


def test_gptq_of_each_layer_is_that_of_its_matrix_and_moments(weights):
    facts = Facts()
    changed = apply_gptq(weights, GptqSpec(bits=3, group=4), facts)
    straight = gptq(weights["1.up"].tensor.double().numpy(), facts.moments("1.up"), 3, 4).values
    turned = gptq(weights["0.up"].tensor.double().numpy().T, facts.moments("0.up"), 3, 4).values.T
    torch.testing.assert_close(changed["1.up"], torch.from_numpy(straight).float(), rtol=0, atol=0)
    torch.testing.assert_close(changed["0.up"], torch.from_numpy(turned).float(), rtol=0, atol=0)


def test_experts_kept_in_one_array_are_refused(weights):
    experts = WeightView({**weights, "0.experts": Weight(tensor(4, 8, 8), Role.MLP, 0, bias=False)})
    with pytest.raises(SpecError, match=r"0\.experts"):
        apply_round(experts, RoundSpec(bits=4))


def test_a_model_without_linear_layers_is_refused(weights):
    with pytest.raises(SpecError, match="no linear layer"):
        apply_round(WeightView({"emb": weights["emb"]}), RoundSpec(bits=4))


def test_a_weight_that_is_not_finite_is_refused_by_name(weights):
    broken = tensor(8, 8)
    broken[0, 0] = torch.nan
    view = WeightView({**weights, "1.q": Weight(broken, Role.ATTENTION, 1, bias=False, input_axis=1)})
    with pytest.raises(SpecError, match=r"1\.q holds NaN"):
        apply_round(view, RoundSpec(bits=4))
