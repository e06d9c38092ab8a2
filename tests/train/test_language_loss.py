from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from lmgeo.core.errors import LmgeoError, NotEnoughData, SpecError
from lmgeo.models.handle import ModelHandle
from lmgeo.models.load import load_model
from lmgeo.train.documents import read_documents
from lmgeo.train.language_loss import language_loss
from tests.train.decoders import TEXTS, byte_tokenizer, decoder, slow_nats


@pytest.fixture(scope="module", params=["gpt_neox", "llama"])
def handle(request: pytest.FixtureRequest) -> ModelHandle:
    return decoder(request.param)


@pytest.mark.parametrize("length", [1, 5, 16])
def test_it_is_the_loss_token_by_token(handle: ModelHandle, length: int) -> None:
    nats, tokens = np.array([slow_nats(handle, text, length) for text in TEXTS]).T
    found = language_loss(handle, TEXTS, max_length=length)
    size = sum(len(text.encode()) for text in TEXTS)
    assert found.nats_per_token == pytest.approx(nats.sum() / tokens.sum(), rel=1e-6)
    assert found.bits_per_byte == pytest.approx(nats.sum() / math.log(2) / size, rel=1e-6)
    assert (found.tokens, found.bytes, found.documents) == (tokens.sum(), size, len(TEXTS))
    assert found.max_length == length
    assert found.notes == ()


def test_a_mean_of_means_is_something_else(handle: ModelHandle) -> None:
    each = [language_loss(handle, [text]).nats_per_token for text in TEXTS]
    assert abs(np.mean(each) - language_loss(handle, TEXTS).nats_per_token) > 1e-3


def test_it_is_transformers_own_loss_of_one_window(handle: ModelHandle) -> None:
    ids = [handle.tokenizer.bos_token_id, *handle.tokenizer.encode(TEXTS[1])][:17]
    text = handle.tokenizer.decode(ids[1:])
    assert handle.tokenizer.encode(text) == ids[1:]  # the same tokens come back
    with torch.no_grad():
        theirs = handle.module(torch.tensor([ids]), labels=torch.tensor([ids])).loss.item()
    assert language_loss(handle, [text]).nats_per_token == pytest.approx(theirs, rel=1e-6)


@pytest.mark.parametrize("batch_size", [1, 2, 7, 100])
def test_the_size_of_a_batch_does_not_matter(handle: ModelHandle, batch_size: int) -> None:
    one, other = (language_loss(handle, TEXTS, max_length=6, batch_size=b) for b in (3, batch_size))
    assert other.nats_per_token == pytest.approx(one.nats_per_token, rel=1e-6)
    assert other.spread == pytest.approx(one.spread, rel=1e-5)


def test_nor_does_the_memory_a_batch_may_take(handle: ModelHandle, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = language_loss(handle, TEXTS)
    monkeypatch.setattr("lmgeo.train.language_loss._MOST_LOGITS", 1)
    assert language_loss(handle, TEXTS).nats_per_token == pytest.approx(whole.nats_per_token, rel=1e-6)


def test_the_order_of_documents_does_not_matter_and_twice_is_the_same_to_the_bit(handle: ModelHandle) -> None:
    found = language_loss(handle, TEXTS)
    assert language_loss(handle, TEXTS) == found
    assert language_loss(handle, TEXTS[::-1]).nats_per_token == pytest.approx(found.nats_per_token, rel=1e-9)


def test_a_model_in_training_goes_on_training_and_has_no_dropout_meanwhile() -> None:
    handle = decoder("gpt_neox", hidden_dropout=0.5, attention_dropout=0.5)
    quiet = language_loss(handle, TEXTS)
    handle.module.train()
    assert language_loss(handle, TEXTS) == quiet
    assert handle.module.training


def test_a_tokenizer_that_adds_the_separator_itself_gets_it_once() -> None:
    plain, adding = byte_tokenizer(), byte_tokenizer(adds_bos=True)
    assert adding.encode("a")[0] == adding.bos_token_id
    assert language_loss(decoder(tokenizer=adding), TEXTS) == language_loss(decoder(tokenizer=plain), TEXTS)


def test_the_separator_s_name_in_a_text_is_text(handle: ModelHandle) -> None:
    text = "one <|endoftext|> two"
    (ids,) = read_documents(handle, [text]).ids
    assert (ids == handle.tokenizer.bos_token_id).nonzero()[0].tolist() == [0]
    assert handle.tokenizer.decode(ids[1:]) == text


def test_without_a_separator_the_first_token_is_context_only() -> None:
    handle = decoder(tokenizer=byte_tokenizer(separator=None))
    texts = [*TEXTS[:1], "", *TEXTS[2:4]]  # "a" has one token, which nothing can be predicted from
    nats, tokens = np.array([slow_nats(handle, text, 16) for text in texts]).T
    firsts = [handle.tokenizer.decode(handle.tokenizer.encode(text)[:1]) for text in (TEXTS[0], TEXTS[3])]
    size = sum(len(text.encode()) for text in (TEXTS[0], TEXTS[3])) - sum(len(first.encode()) for first in firsts)
    found = language_loss(handle, texts)
    assert (found.tokens, found.bytes, found.documents) == (tokens.sum(), size, 2)
    assert found.nats_per_token == pytest.approx(nats.sum() / tokens.sum(), rel=1e-6)
    assert "first token is not predicted" in found.notes[0]


@pytest.mark.parametrize("most", [1, 2, 10, 40, 50, 60, 77])
def test_most_tokens_takes_documents_in_order_and_counts_what_it_predicts(handle: ModelHandle, most: int) -> None:
    found = language_loss(handle, TEXTS, most_tokens=most)
    kept, left = [], found.tokens
    for text in TEXTS:
        ids = handle.tokenizer.encode(text)
        kept.append(handle.tokenizer.decode(ids[:left]))
        left -= min(left, len(ids))
    kept = [text for text in kept if text]
    assert all(whole.startswith(part) for whole, part in zip(TEXTS, kept, strict=False))  # no character is torn
    assert found.bytes == sum(len(text.encode()) for text in kept)
    assert most - 4 < found.tokens <= most
    nats = sum(slow_nats(handle, text, 16)[0] for text in kept)
    assert found.nats_per_token == pytest.approx(nats / found.tokens, rel=1e-6)
    assert found.notes == (f"cut after {found.tokens:,} tokens",)


def test_the_spread_is_how_the_loss_varies_between_draws_of_documents(handle: ModelHandle) -> None:
    random = np.random.default_rng(0)
    pool = [" ".join(random.choice(TEXTS[0].split(), size=random.integers(2, 9))) for _ in range(40)]
    nats, tokens = np.array([slow_nats(handle, text, 16) for text in pool]).T
    draws = random.integers(0, len(pool), (4000, len(pool)))
    simulated = (nats[draws].sum(1) / tokens[draws].sum(1)).std()
    assert language_loss(handle, pool).spread == pytest.approx(simulated, rel=0.1)
    assert language_loss(handle, pool[:1]).spread is None


def test_it_goes_to_json(handle: ModelHandle) -> None:
    document = json.loads(json.dumps(language_loss(handle, TEXTS, most_tokens=30).to_json(), allow_nan=False))
    assert list(document) == [
        "nats_per_token", "bits_per_byte", "tokens", "bytes", "documents", "spread", "max_length", "notes",
    ]  # fmt: skip


def test_weights_that_are_not_finite_give_no_loss(handle: ModelHandle) -> None:
    name, matrix, _ = handle.unembedding()
    broken = matrix.clone()
    broken[3, 5] = math.nan
    with pytest.raises(LmgeoError, match="not finite") as raised:
        language_loss(handle.with_weights({name: broken}), TEXTS)
    assert "diverged" in raised.value.mend


@pytest.mark.parametrize(
    ("documents", "settings", "error", "what"),
    [
        ([], {}, NotEnoughData, "no token"),
        (["", ""], {}, NotEnoughData, "no token"),
        ("one text", {}, SpecError, "one text"),
        (["fine", 3], {}, SpecError, "document 1 is a int"),
        (["fine", "\ud800"], {}, SpecError, "document 1 cannot be written"),
        (["fine"], {"max_length": 0}, SpecError, "max_length 0"),
        (["fine"], {"batch_size": 0}, SpecError, "batches of 0"),
        (["fine"], {"most_tokens": 0}, SpecError, "most_tokens is 0"),
        (["😀"], {"most_tokens": 1}, NotEnoughData, "1 documents left out"),
    ],
)
def test_what_cannot_be_scored_is_said(
    handle: ModelHandle, documents: Any, settings: dict[str, int], error: type[LmgeoError], what: str
) -> None:
    with pytest.raises(error, match=what):
        language_loss(handle, documents, **settings)


def test_a_masked_model_is_refused(encoder: ModelHandle) -> None:
    with pytest.raises(SpecError, match="no causal language model"):
        language_loss(encoder, TEXTS)


def test_a_decoder_without_a_head_is_refused() -> None:
    handle = decoder()
    headless = ModelHandle(handle.module.model, "headless", lambda: handle.tokenizer)
    with pytest.raises(SpecError, match="no language-modelling head"):
        language_loss(headless, TEXTS)


def test_a_real_model(shared: Path) -> None:
    handle = load_model(shared / "data/models/TinyStories-656K")
    texts = ["Once upon a time, there was a little girl named Lily.", "She liked to play with her dog. " * 180]
    nats, tokens = np.array([slow_nats(handle, text, 512) for text in texts]).T
    found = language_loss(handle, texts)
    assert found.max_length == 512
    assert found.tokens == tokens.sum() > 700
    assert found.bytes == sum(map(len, texts))
    assert found.nats_per_token == pytest.approx(nats.sum() / tokens.sum(), rel=1e-5)
    other = language_loss(handle, ["no it was n't black monday", "the company said it expects to report a loss"])
    assert found.bits_per_byte < 0.5 * other.bits_per_byte  # it has seen many such stories


def test_what_a_tokenizer_loses_is_said(shared: Path) -> None:
    """The real tokenizer, as transformers reads it, drops characters it does not know."""
    handle = load_model(shared / "data/models/TinyStories-656K")
    assert handle.tokenizer.decode(handle.tokenizer.encode("One\tday", add_special_tokens=False)) == "Oneday"
    found = language_loss(handle, ["One day", "One\tday"])
    assert "does not give back 1 of 2 documents" in found.notes[0]
    assert found.bytes == 14


def test_a_text_that_its_tokens_do_not_give_back_is_cut_before_they_are_made(shared: Path) -> None:
    handle = load_model(shared / "data/models/TinyStories-656K")
    text = "\tday the dog saw a ball. " * 30
    cut = language_loss(handle, [text], most_tokens=50)
    (part,) = [p for n in range(len(text)) if len((p := text[:n]).encode()) == cut.bytes]
    whole = language_loss(handle, [part])
    assert (cut.tokens, cut.nats_per_token, cut.bytes) == (whole.tokens, whole.nats_per_token, whole.bytes)
    assert 40 < cut.tokens <= 50
