"""Geometry of a model in training, against a plain pass and a plain decomposition, and what it must not touch."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

from lmgeo.core.errors import NotEnoughData, SpecError, UnknownName
from lmgeo.models.handle import ModelHandle
from lmgeo.study.live import measure_live
from tests.conftest import sentences

TEXTS = sentences(40, seed=5)


@pytest.fixture(scope="module")
def tokenizer() -> Any:
    from lmgeo.models.tokenizer import train_wordpiece

    return train_wordpiece(TEXTS, 120, 32)


@pytest.fixture
def handle(tokenizer: Any) -> ModelHandle:
    from transformers import BertConfig, BertForMaskedLM

    config = BertConfig(
        vocab_size=len(tokenizer), hidden_size=16, num_hidden_layers=2, num_attention_heads=2, intermediate_size=24,
        max_position_embeddings=32, tie_word_embeddings=False, hidden_dropout_prob=0.5,
    )  # fmt: skip
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(1)
        return ModelHandle(BertForMaskedLM(config), "tiny", lambda: tokenizer)


def _plain_states(handle: ModelHandle) -> list[np.ndarray]:
    """Hidden states of each text alone, by transformers itself."""
    handle.module.eval()
    with torch.no_grad():
        passes = [handle.backbone(**handle.tokenizer(text, return_tensors="pt"))[0][0] for text in TEXTS]
    return [states.double().numpy() for states in passes]


def _entropy_rank(values: np.ndarray) -> float:
    p = values[values > 0] / values.sum()
    return float(np.exp(-(p * np.log(p)).sum()))


def _rank(rows: np.ndarray) -> float:
    return _entropy_rank(np.linalg.svd(rows - rows.mean(axis=0), compute_uv=False))


def _cosine(rows: np.ndarray) -> float:
    unit = rows / np.linalg.norm(rows, axis=1, keepdims=True)
    return float((unit @ unit.T)[np.triu_indices(len(rows), 1)].mean())


def test_values_are_those_of_plain_code(handle: ModelHandle) -> None:
    states = _plain_states(handle)
    clouds = {"final": np.concatenate(states), "final.last": np.stack([s[-1] for s in states])}
    found = measure_live(handle, TEXTS, measures=["effective_rank", "effective_rank_pct", "mean_cosine"])
    assert set(found) == {"unembedding", "final", "final.last"}
    for name, rows in clouds.items():
        assert set(found[name]) == {"effective_rank", "mean_cosine"}
        assert found[name]["effective_rank"].value == pytest.approx(_rank(rows), rel=1e-4)
        assert found[name]["mean_cosine"].value == pytest.approx(_cosine(rows), rel=1e-4)
    W = handle.module.get_output_embeddings().weight.detach().double().numpy()
    rank = _entropy_rank(np.linalg.svd(W, compute_uv=False))
    assert found["unembedding"]["effective_rank"].value == pytest.approx(rank, rel=1e-6)
    assert found["unembedding"]["effective_rank_pct"].value == pytest.approx(100 * rank / 16, rel=1e-6)
    assert found["unembedding"]["mean_cosine"].value == pytest.approx(_cosine(W), rel=1e-4, abs=1e-6)


def test_one_pass_serves_every_policy(handle: ModelHandle) -> None:
    calls: list[int] = []
    hook = handle.backbone.register_forward_hook(lambda *_: calls.append(1))
    measure_live(handle, TEXTS, policies=["all"])
    alone = len(calls)
    measure_live(handle, TEXTS, policies=["last", "all", "content", "mean"])
    hook.remove()
    assert len(calls) == 2 * alone > 0


def test_training_goes_on_as_if_nothing_had_been_measured(handle: ModelHandle) -> None:
    module = handle.module.train()
    module.bert.encoder.layer[0].eval()  # a part that its owner has frozen
    modes = [part.training for part in module.modules()]
    before = torch.get_rng_state(), np.random.get_state()[1].tolist(), {k: v.clone() for k, v in module.named_buffers()}
    weights = [p.detach().clone() for p in module.parameters()]
    found = measure_live(handle, TEXTS)
    assert [part.training for part in module.modules()] == modes
    assert torch.equal(torch.get_rng_state(), before[0])
    assert np.random.get_state()[1].tolist() == before[1]
    assert all(torch.equal(v, before[2][k]) for k, v in module.named_buffers())
    assert all(torch.equal(p, w) and p.grad is None for p, w in zip(module.parameters(), weights, strict=True))
    assert measure_live(handle, TEXTS) == found  # no dropout in it
    ids = torch.tensor([handle.tokenizer(TEXTS[0])["input_ids"]])
    module(input_ids=ids, labels=ids).loss.backward()
    assert module.get_input_embeddings().weight.grad is not None


def test_half_precision_is_read_as_stored(handle: ModelHandle) -> None:
    handle.module.to(torch.bfloat16)
    found = measure_live(handle, TEXTS, sites=(), measures=["effective_rank", "numerical_rank"])
    W = handle.module.get_output_embeddings().weight.detach().double().numpy()
    assert list(found) == ["unembedding"]
    rank = _entropy_rank(np.linalg.svd(W, compute_uv=False))
    assert found["unembedding"]["effective_rank"].value == pytest.approx(rank, rel=1e-6)
    assert found["unembedding"]["numerical_rank"].details["epsilon"] == 2**-7


def test_a_matrix_that_a_model_lacks_is_left_out(handle: ModelHandle) -> None:
    encoder = ModelHandle(handle.backbone, "headless", lambda: handle.tokenizer)
    assert set(measure_live(encoder, TEXTS)) == {"final", "final.last"}
    with pytest.raises(SpecError, match="headless: nothing to measure by effective_rank"):
        measure_live(encoder, TEXTS, sites=(), measures=["effective_rank"])


def test_what_cannot_be_measured_is_refused(handle: ModelHandle) -> None:
    with pytest.raises(UnknownName, match="efective_rank"):
        measure_live(handle, TEXTS, measures=["efective_rank"])
    with pytest.raises(UnknownName, match="lst"):
        measure_live(handle, TEXTS, policies=["lst"])
    with pytest.raises(NotEnoughData, match="no text"):
        measure_live(handle, [])
    with torch.no_grad():
        handle.module.get_output_embeddings().weight[3, 2] = torch.nan
    with pytest.raises(SpecError, match=r"tiny, unembedding: .* row 3, column 2"):
        measure_live(handle, TEXTS)
