"""What every perturbation must hold, run over the registry on a real model's weights."""

from __future__ import annotations

import pytest
import torch

from lmgeo.models.handle import ModelHandle
from lmgeo.perturb.declare import PERTURBATIONS
from lmgeo.study.perturbing import perturbed

EXAMPLES = {
    "noise": [{"alpha": 30, "seed": 1}, {"alpha": 30, "seed": 1, "rule": "matrices", "scale": "std"}],
    "round": [{"bits": 4}, {"bits": 3, "group": 5}],
    "gptq": [{"bits": 4, "sequences": 20}, {"bits": 3, "group": 5, "act_order": True, "sequences": 20, "seed": 1}],
    "springer": [{"gamma": 0.3, "seed": 1}],
}
IDENTITIES = {"noise": [{"alpha": 0}], "round": [], "gptq": [], "springer": [{"gamma": 0}]}


@pytest.fixture(scope="module")
def model(checkpoint) -> ModelHandle:
    from lmgeo.models.load import load_model

    return load_model(checkpoint)


def cases(table):
    return [(name, settings) for name in PERTURBATIONS for settings in table[name]]


def changed_by(model, name, settings):
    spec = PERTURBATIONS[name].settings(**settings)
    return {n: w.tensor for n, w in perturbed(model, name, spec).weights().items()}


@pytest.mark.parametrize(("name", "settings"), cases(EXAMPLES))
def test_what_it_keeps_is_kept_and_something_changes(model, name, settings):
    kind, weights = PERTURBATIONS[name], model.weights()
    before = {n: w.tensor.clone() for n, w in weights.items()}
    changed = changed_by(model, name, settings)
    assert list(changed) == list(weights)
    assert all(torch.equal(before[n], w.tensor) for n, w in weights.items())
    same = {n for n in weights if torch.equal(changed[n], weights[n].tensor)}
    assert all(n in same for n, weight in weights.items() if weight.role in kind.keeps)
    assert len(same) < len(weights)
    assert all(changed[n].shape == w.tensor.shape and changed[n].dtype == w.tensor.dtype for n, w in weights.items())


@pytest.mark.parametrize(("name", "settings"), cases(IDENTITIES))
def test_an_identity_is_one_bit_for_bit(model, name, settings):
    assert PERTURBATIONS[name].is_identity(PERTURBATIONS[name].settings(**settings))
    assert all(torch.equal(t, model.weights()[n].tensor) for n, t in changed_by(model, name, settings).items())


@pytest.mark.parametrize(("name", "settings"), cases(EXAMPLES))
def test_the_same_settings_give_the_same_weights(model, name, settings):
    kind = PERTURBATIONS[name]
    first, second = changed_by(model, name, settings), changed_by(model, name, settings)
    assert all(torch.equal(first[n], second[n]) for n in first)
    spec = kind.settings(**settings)
    assert not kind.is_identity(spec)
    assert kind.factors(spec)
