"""Noise as wide as the first weights were: each tensor by its own spread, and what starts constant not at all."""

from __future__ import annotations

import pytest
import torch

from lmgeo.core.errors import SpecError
from lmgeo.core.seeds import stream_seed
from lmgeo.core.weights import Role, Weight, WeightView
from lmgeo.perturb.springer import SpringerSpec, apply_springer


class Spread:
    def __init__(self, **spread: float) -> None:
        self._spread = spread

    def initial_spread(self):
        return self._spread

    def second_moments(self, changed, layers):
        raise AssertionError("noise looks at no activation")


@pytest.fixture
def weights() -> WeightView:
    return WeightView(
        {
            "emb": Weight(torch.ones(300, 80), Role.EMBEDDING, None, bias=False),
            "q": Weight(torch.zeros(200, 100).bfloat16(), Role.ATTENTION, 0, bias=False),
            "norm": Weight(torch.ones(80), Role.NORM, 0, bias=False),
        }
    )


FACTS = Spread(emb=0.02, q=0.5, norm=0.0)


def test_each_tensor_by_gamma_times_its_own_spread(weights):
    noisy = apply_springer(weights, SpringerSpec(gamma=3), FACTS)
    assert (noisy["emb"] - 1).std() == pytest.approx(0.06, rel=0.02)
    assert noisy["q"].float().std() == pytest.approx(1.5, rel=0.02)
    assert noisy["q"].dtype == torch.bfloat16
    assert noisy["norm"] is weights["norm"].tensor
    own = torch.randn(300, 80, generator=torch.Generator().manual_seed(stream_seed(1, "springer", "emb")))
    torch.testing.assert_close(noisy["emb"], 1 + 0.06 * own)


def test_seeds_differ_and_gamma_zero_is_the_identity(weights):
    one, two = (apply_springer(weights, SpringerSpec(gamma=1, seed=s), FACTS)["emb"] for s in (1, 2))
    assert not torch.equal(one, two)
    same = apply_springer(weights, SpringerSpec(gamma=0), FACTS)
    assert all(same[n] is w.tensor for n, w in weights.items())


def test_a_gamma_that_overflows_is_refused(weights):
    with pytest.raises(SpecError, match="gamma 1e"):
        apply_springer(weights, SpringerSpec(gamma=1e40), FACTS)
