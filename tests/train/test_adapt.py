from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from lmgeo.core.errors import LmgeoError, NotEnoughData, SpecError
from lmgeo.core.spec.losses import AdaptSpec
from lmgeo.models.handle import ModelHandle
from lmgeo.models.load import load_model
from lmgeo.train.adapt import adapt, next_token_loss, packed_windows
from lmgeo.train.language_loss import language_loss
from tests.train.decoders import byte_tokenizer, decoder

NEW = [f"the {a} {b} {c}" for a in ("cat", "dog", "fox") for b in ("sees", "hears") for c in ("a tree", "water")] * 6


def settings(**changes: Any) -> AdaptSpec:
    small = {"steps": 60, "batch_size": 4, "max_length": 12, "learning_rate": 1e-2}
    return AdaptSpec(**{"corpus": "any", **small, **changes})


def weights(handle: ModelHandle) -> dict[str, torch.Tensor]:
    return {name: weight.tensor.clone() for name, weight in handle.weights().items()}


def same(one: dict[str, torch.Tensor], other: dict[str, torch.Tensor]) -> bool:
    return all(torch.equal(one[name], other[name]) for name in one)


@pytest.fixture(scope="module", params=["gpt_neox", "llama"])
def handle(request: pytest.FixtureRequest) -> ModelHandle:
    return decoder(request.param, byte_tokenizer(NEW))


def test_a_copy_learns_and_the_original_stays(handle: ModelHandle) -> None:
    before, state = weights(handle), torch.get_rng_state()
    trained = adapt(handle, NEW, settings(), seed=0)
    assert same(before, weights(handle))
    assert not handle.module.training
    assert all(p.grad is None for p in handle.module.parameters())
    assert torch.equal(state, torch.get_rng_state())
    assert language_loss(trained, NEW).nats_per_token < language_loss(handle, NEW).nats_per_token - 1.0
    assert not trained.module.training
    assert "60 steps" in trained.notes[-1]


def test_the_seed_decides_and_nothing_else_does() -> None:
    handle = decoder("gpt_neox", byte_tokenizer(NEW), hidden_dropout=0.1)
    torch.manual_seed(5)
    one = weights(adapt(handle, NEW, settings(steps=5), seed=1))
    torch.manual_seed(6)
    assert same(one, weights(adapt(handle, NEW, settings(steps=5), seed=1)))
    assert not same(one, weights(adapt(handle, NEW, settings(steps=5), seed=2)))


def test_tied_weights_stay_tied() -> None:
    handle = decoder(tokenizer=byte_tokenizer(NEW), tie_word_embeddings=True)
    trained = adapt(handle, NEW, settings(steps=2), seed=0)
    assert trained.unembedding()[2]
    assert not same(weights(trained), weights(handle))


def test_windows_are_the_documents_end_to_end(handle: ModelHandle) -> None:
    found = packed_windows(handle, NEW, 7, 10_000, seed=3)
    stream = np.concatenate([found[0], *found[1:, 1:]])
    assert (found[1:, 0] == found[:-1, -1]).all()  # a window begins with the last one's end
    first, *texts = handle.tokenizer.decode(stream).split("<|endoftext|>")
    assert first == ""
    assert set(texts[:-1]) <= set(NEW)
    assert len(texts) in (len(NEW), len(NEW) - 1)
    assert len(packed_windows(handle, NEW, 7, 3, seed=3)) == 3
    assert (packed_windows(handle, NEW, 7, 3, seed=3) == found[:3]).all()


def test_the_loss_of_training_is_transformers_own(handle: ModelHandle) -> None:
    windows = torch.from_numpy(packed_windows(handle, NEW, 7, 4, seed=0))
    theirs = handle.module(windows, labels=windows).loss
    assert next_token_loss(handle.module, windows).item() == pytest.approx(theirs.item(), rel=1e-6)


def test_a_rate_too_large_is_said(handle: ModelHandle) -> None:
    broken = dict(handle.weights())
    name = handle.unembedding()[0]
    broken = handle.with_weights({name: broken[name].tensor * math.inf})
    with pytest.raises(LmgeoError, match="diverged") as raised:
        adapt(broken, NEW, settings(), seed=0)
    assert "learning_rate" in raised.value.mend


def test_too_little_text_is_said(handle: ModelHandle) -> None:
    with pytest.raises(NotEnoughData, match="less than one window of 12"):
        adapt(handle, ["the cat"], settings(), seed=0)


def test_a_masked_model_is_refused(encoder: ModelHandle) -> None:
    with pytest.raises(SpecError, match="no causal language model"):
        adapt(encoder, NEW, settings(), seed=0)


def test_a_real_model_learns_the_new_and_forgets_the_old(shared: Path) -> None:
    handle = load_model(shared / "data/models/TinyStories-656K")
    lines = (shared / "data/ptb/ptb.valid.txt").read_text().splitlines()
    train, held_out = lines[:2000], lines[2000:2200]
    with torch.no_grad():
        story = handle.module.generate(torch.tensor([[1]]), max_new_tokens=60, do_sample=False)[0, 1:]
    old = [handle.tokenizer.decode(story)]
    trained = adapt(handle, train, settings(steps=40, batch_size=8, max_length=64, learning_rate=1e-3), seed=0)
    assert language_loss(trained, held_out).nats_per_token < language_loss(handle, held_out).nats_per_token - 1.0
    assert language_loss(trained, old).nats_per_token > language_loss(handle, old).nats_per_token + 0.1
