"""The noise: the published equation, seeded, on the tensors a rule names, and on no other."""

from __future__ import annotations

import pytest
import torch

from lmgeo.core.seeds import stream_seed
from lmgeo.core.weights import Role, Weight, WeightView
from lmgeo.perturb.noise import NoiseSpec, apply_noise, is_touched


@pytest.fixture
def weights() -> WeightView:
    draw = torch.Generator().manual_seed(0)

    def tensor(*shape: int) -> torch.Tensor:
        return 0.05 * torch.randn(*shape, generator=draw)

    return WeightView(
        {
            "emb": Weight(tensor(30, 8), Role.EMBEDDING, None, bias=False),
            "emb.norm": Weight(tensor(8), Role.EMBEDDING, None, bias=False),
            "0.q": Weight(tensor(8, 8), Role.ATTENTION, 0, bias=False),
            "0.q.bias": Weight(tensor(8), Role.ATTENTION, 0, bias=True),
            "0.norm": Weight(1 + tensor(8), Role.NORM, 0, bias=False),
            "0.norm.bias": Weight(tensor(8), Role.NORM, 0, bias=True),
            "1.up": Weight(tensor(16, 8), Role.MLP, 1, bias=False),
            "final_norm": Weight(1 + tensor(8), Role.NORM, None, bias=False),
            "pooler": Weight(tensor(8, 8), Role.POOLER, None, bias=False),
            "head": Weight(tensor(30, 8), Role.HEAD, None, bias=False),
        }
    )


def changed(weights: WeightView, **settings: object) -> set[str]:
    noisy = apply_noise(weights, NoiseSpec(**settings))
    assert list(noisy) == list(weights)
    return {name for name in weights if not torch.equal(noisy[name], weights[name].tensor)}


def test_each_rule_touches_its_tensors(weights):
    assert changed(weights, alpha=20) == {"0.q", "0.norm", "1.up"}
    assert changed(weights, alpha=20, rule="matrices") == {"0.q", "1.up"}


@pytest.mark.parametrize("rule", ["marbut2024", "matrices"])
@pytest.mark.parametrize("scale", ["unit", "std"])
def test_alpha_zero_is_the_identity_bit_for_bit(weights, rule, scale):
    assert changed(weights, alpha=0, rule=rule, scale=scale) == set()


def test_the_published_equation(weights):
    noisy = apply_noise(weights, NoiseSpec(alpha=20, seed=7))["1.up"]
    own = torch.Generator().manual_seed(stream_seed(7, "noise", "1.up"))
    expected = 0.8 * weights["1.up"].tensor.double() + 0.2 * torch.randn(16, 8, generator=own).double()
    torch.testing.assert_close(noisy.double(), expected, rtol=1e-6, atol=1e-7)


def test_alpha_100_keeps_nothing_of_the_weight(weights):
    other = WeightView({n: Weight(torch.zeros_like(w.tensor), w.role, w.block, w.bias) for n, w in weights.items()})
    spec = NoiseSpec(alpha=100)
    assert torch.equal(apply_noise(weights, spec)["0.q"], apply_noise(other, spec)["0.q"])


def test_the_noise_is_standard_normal_or_of_the_tensors_spread():
    big = WeightView({"w": Weight(3 * torch.ones(400, 400), Role.MLP, 0, bias=False)})
    unit = apply_noise(big, NoiseSpec(alpha=50))["w"]
    assert unit.mean().item() == pytest.approx(1.5, abs=0.01)
    assert unit.std().item() == pytest.approx(0.5, rel=0.02)
    # a constant tensor has no spread, so noise of its own spread leaves only the shrinking
    assert torch.equal(apply_noise(big, NoiseSpec(alpha=50, scale="std"))["w"], torch.full((400, 400), 1.5))


def test_the_spread_is_the_tensors_own(weights):
    spec = NoiseSpec(alpha=100, seed=3, scale="std")
    unit = apply_noise(weights, NoiseSpec(alpha=100, seed=3))
    scaled = apply_noise(weights, spec)
    for name in ("0.q", "0.norm", "1.up"):
        spread = weights[name].tensor.numpy().std()
        torch.testing.assert_close(scaled[name], unit[name] * float(spread))


def test_a_tensors_noise_hangs_on_seed_and_name_alone(weights):
    first = apply_noise(weights, NoiseSpec(alpha=20, seed=1))
    assert torch.equal(first["0.q"], apply_noise(weights, NoiseSpec(alpha=20, seed=1))["0.q"])
    assert torch.equal(first["0.q"], apply_noise(weights, NoiseSpec(alpha=20, seed=1, rule="matrices"))["0.q"])
    assert not torch.equal(first["0.q"], apply_noise(weights, NoiseSpec(alpha=20, seed=2))["0.q"])
    torch.manual_seed(99)  # the global generator plays no part
    assert torch.equal(first["0.q"], apply_noise(weights, NoiseSpec(alpha=20, seed=1))["0.q"])


def test_the_given_weights_stay_as_they_are(weights):
    before = {name: weight.tensor.clone() for name, weight in weights.items()}
    apply_noise(weights, NoiseSpec(alpha=50))
    assert all(torch.equal(before[name], weight.tensor) for name, weight in weights.items())


def test_stored_precision_is_kept():
    half = WeightView({"w": Weight(torch.ones(8, 8, dtype=torch.bfloat16), Role.MLP, 0, bias=False)})
    assert apply_noise(half, NoiseSpec(alpha=20))["w"].dtype == torch.bfloat16


@pytest.mark.parametrize(
    "settings", [{"alpha": -1}, {"alpha": 101}, {"alpha": float("nan")}, {}, {"alpha": 1, "seed": -1}]
)
def test_settings_out_of_range_are_refused(settings):
    with pytest.raises(ValueError, match=r"alpha|seed"):
        NoiseSpec(**settings)


def test_biases_are_never_touched():
    bias = Weight(torch.ones(3), Role.MLP, 0, bias=True)
    assert not is_touched(bias, "marbut2024")
    assert not is_touched(bias, "matrices")
