"""What every perturbation must hold, run over the registry on a real model's weights."""

from __future__ import annotations

import pytest
import torch

from lmgeo.core.weights import WeightView
from lmgeo.perturb.declare import PERTURBATIONS

EXAMPLES = {"noise": [{"alpha": 30, "seed": 1}, {"alpha": 30, "seed": 1, "rule": "matrices", "scale": "std"}]}
IDENTITIES = {"noise": [{"alpha": 0}]}


@pytest.fixture(scope="module")
def weights(checkpoint) -> WeightView:
    from lmgeo.models.load import load_model

    return load_model(checkpoint).weights()


def cases(table):
    return [(name, settings) for name in PERTURBATIONS for settings in table[name]]


@pytest.mark.parametrize(("name", "settings"), cases(EXAMPLES))
def test_what_it_keeps_is_kept_and_something_changes(weights, name, settings):
    kind = PERTURBATIONS[name]
    changed = kind.apply(weights, kind.settings(**settings))
    assert list(changed) == list(weights)
    same = {n for n in weights if torch.equal(changed[n], weights[n].tensor)}
    assert all(n in same for n, weight in weights.items() if weight.role in kind.keeps)
    assert len(same) < len(weights)
    assert all(changed[n].shape == w.tensor.shape and changed[n].dtype == w.tensor.dtype for n, w in weights.items())


@pytest.mark.parametrize(("name", "settings"), cases(IDENTITIES))
def test_an_identity_is_one_bit_for_bit(weights, name, settings):
    kind = PERTURBATIONS[name]
    spec = kind.settings(**settings)
    assert kind.is_identity(spec)
    assert all(torch.equal(t, weights[n].tensor) for n, t in kind.apply(weights, spec).items())


@pytest.mark.parametrize(("name", "settings"), cases(EXAMPLES))
def test_the_same_settings_give_the_same_weights(weights, name, settings):
    kind = PERTURBATIONS[name]
    spec = kind.settings(**settings)
    first, second = kind.apply(weights, spec), kind.apply(weights, spec)
    assert all(torch.equal(first[n], second[n]) for n in first)
    assert not kind.is_identity(spec)
    assert kind.factors(spec)
