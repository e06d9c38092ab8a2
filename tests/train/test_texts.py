"""Held-out split, tokens and the unigram baseline."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

import numpy as np
import pytest

from lmgeo.core.errors import NotEnoughData
from lmgeo.core.spec.model import PretrainSpec
from lmgeo.models.build import build_model
from lmgeo.train.held_out import held_out_loss, unigram_loss
from lmgeo.train.texts import prepare, split

Spec = Callable[..., PretrainSpec]


def test_split_holds_out_a_twentieth_and_keeps_copies_together(sentences: list[str]) -> None:
    train, held_out = split(sentences)
    assert len(set(held_out)) == 5
    assert len(held_out) == 15
    assert not set(train) & set(held_out)
    assert Counter(train + held_out) == Counter(sentences)
    assert split(sentences) == (train, held_out)


@pytest.mark.parametrize("texts", [[], ["same"] * 500, [f"text {i}" for i in range(19)]])
def test_too_few_texts_are_refused(texts: list[str]) -> None:
    with pytest.raises(NotEnoughData, match="too few"):
        split(texts)


def test_texts_without_words_are_refused(tiny_spec: Spec) -> None:
    with pytest.raises(NotEnoughData, match="word"):
        prepare([" " * i for i in range(30)], tiny_spec())


def test_sequences_are_truncated_and_framed(sentences: list[str], tiny_spec: Spec) -> None:
    text = prepare([*sentences, "the cat sees " * 100], tiny_spec())
    longest = max(text.train + text.held_out, key=len)
    assert len(longest) == 16
    for ids in text.train:
        assert ids[0] == text.tokenizer.cls_token_id
        assert ids[-1] == text.tokenizer.sep_token_id


def test_unigram_is_a_distribution_of_the_training_part(sentences: list[str], tiny_spec: Spec) -> None:
    text = prepare(sentences, tiny_spec())
    assert np.exp(text.log_unigram).sum() == pytest.approx(1.0)
    counts = Counter(int(i) for ids in text.train for i in ids if i not in text.tokenizer.all_special_ids)
    cat = text.tokenizer.convert_tokens_to_ids("cat")
    total = sum(counts.values()) + len(text.tokenizer)
    assert np.exp(text.log_unigram[cat]) == pytest.approx((counts[cat] + 1) / total)


def test_held_out_loss_is_fixed_and_an_untrained_model_is_no_better_than_guessing(
    sentences: list[str], tiny_spec: Spec
) -> None:
    spec = tiny_spec(dropout=0.2)
    text = prepare(sentences, spec)
    model = build_model(spec, len(text.tokenizer), text.tokenizer.pad_token_id)
    loss = held_out_loss(model, text, 0.3)
    assert loss == held_out_loss(model, text, 0.3)
    assert loss == pytest.approx(np.log(len(text.tokenizer)), abs=0.3)
    assert unigram_loss(text, 0.3) < loss
