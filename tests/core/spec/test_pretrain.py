"""What a training spec fills in, counts and refuses."""

from __future__ import annotations

from typing import Any

import pytest

from lmgeo.core.errors import SpecError
from lmgeo.core.spec.base import validate
from lmgeo.core.spec.document import Document
from lmgeo.core.spec.pretrain import PretrainSpec
from lmgeo.core.spec.sizes import SIZES


def refusal(**settings: Any) -> str:
    with pytest.raises(SpecError) as error:
        validate(PretrainSpec, settings, Document("spec.yaml", settings))
    assert "{" not in error.value.what  # the whole block would drown what is wrong with it
    return f"{error.value.what}: {error.value.mend}"


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"architecture": "olmo2", "parallel": True}, "no OLMo2 with parallel blocks: give stablelm"),
        ({"architecture": "bert", "parallel": True}, "bert has no parallel blocks: give stablelm or gpt_neox"),
        ({"architecture": "olmo"}, "did you mean 'olmo2'?"),
        ({"architecture": ["olmo2"]}, "key architecture is ['olmo2']"),
        ({"size": "3M"}, "there is no size '3M': did you mean '37M' or '0.3M'?"),
        ({"size": ["1M"]}, "there is no size ['1M']: choose one of: 0.1M"),
        ({"size": "1M", "width": 64}, "size 1M has width 112, and width is 64: give one of the two"),
        ({"size": "1M", "heads": 2}, "size 1M has heads 4, and heads is 2"),
        ({"architecture": "olmo2", "batch_tokens": 100}, "batch_tokens 100 is no multiple of max_length 128"),
        ({"architecture": "olmo2", "batch_tokens": "many"}, "batch_tokens 'many' is no multiple"),
        ({"architecture": "olmo2", "batch_tokens": 256, "batch_size": 3}, "256 is 2 sequences, and batch_size is 3"),
        ({"architecture": "bert", "batch_tokens": 128}, "sequences of masked models differ in length"),
        ({"learning_rte": 1}, "did you mean 'learning_rate'"),
        ({"steps": 5, "tokens": 100}, "give steps or tokens, not both"),
        ({"steps": 0}, "steps must be 1 or more"),
        ({"keep_checkpoints": True}, "keep_checkpoints has none to keep"),
        ({"architecture": "bert", "compile": True}, "compile is for causal models"),
        ({"final_fraction": 1.5}, "key final_fraction is 1.5"),
        ({"architecture": "gpt_neox", "width": 16, "heads": 16}, "heads 16 do not share width 16 in pairs"),
        ({"architecture": "stablelm", "width": 16, "heads": 5}, "heads 5 do not share width 16 in pairs"),
        ({"architecture": "bert", "width": 64, "heads": 3}, "heads 3 do not share width 64: give a width"),
        ({"width": 12, "heads": 4}, "heads 4 do not share width 12 in pairs"),
        ({"width": 16, "heads": 3}, "heads 3 do not share width 16 in pairs: give a width that is a multiple of 6"),
        ({"width": 9}, "heads 1 do not share width 9 in pairs: give a width that is a multiple of 2"),
        ({"architecture": "bert", "width": 16, "heads": 3}, "heads 3 do not share width 16: give a width"),
        ({"schedule": "cosin"}, "did you mean 'cosine'?"),
    ],
)
def test_what_cannot_be_is_refused_in_plain_words(settings: dict[str, Any], said: str) -> None:
    message = refusal(**settings)
    assert said in message
    assert message.startswith("spec.yaml")


@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"architecture": "olmo2", "size": "0.3M", "batch_tokens": 512},
        {"architecture": "gpt_neox", "tokens": 999, "parallel": False},
        {"architecture": "stablelm", "parallel": True, "schedule": "wsd", "tied": True},
        {"size": "1M", "heads": None},
    ],
)
def test_a_resolved_spec_resolves_to_itself(settings: dict[str, Any]) -> None:
    spec = PretrainSpec(**settings)
    assert PretrainSpec(**spec.resolved()) == spec


def test_defaults_are_the_objectives() -> None:
    masked, causal = PretrainSpec(), PretrainSpec(architecture="olmo2")
    assert (masked.schedule, masked.final_fraction, masked.beta2, masked.batch_size) == ("linear", 0.0, 0.98, 64)
    assert (causal.schedule, causal.final_fraction, causal.beta2, causal.batch_size) == ("cosine", 0.1, 0.95, 16)
    assert (masked.vocabulary, causal.vocabulary) == (3000, 2048)
    assert PretrainSpec(architecture="olmo2", learning_rate_factor=10).peak_rate == pytest.approx(4e-2)


def test_a_size_is_its_shape() -> None:
    spec = PretrainSpec(architecture="olmo2", size="2M")
    assert (spec.width, spec.layers, spec.heads) == (160, 4, 4)
    assert all(size.width % (2 * size.heads) == 0 for size in SIZES.values())


@pytest.mark.parametrize(("tokens", "steps"), [(1, 1), (512, 1), (513, 2), (5120, 10)])
def test_tokens_are_steps_of_whole_batches(tokens: int, steps: int) -> None:
    spec = PretrainSpec(architecture="olmo2", tokens=tokens, batch_size=4, max_length=128)
    assert (spec.planned_steps, spec.planned_tokens) == (steps, steps * 512)


def test_a_masked_run_by_tokens_asks_its_text() -> None:
    spec = PretrainSpec(tokens=1000)
    assert (spec.planned_steps, spec.planned_tokens) == (None, None)
    assert (PretrainSpec(steps=7).planned_steps, PretrainSpec(steps=7).planned_tokens) == (7, None)


def test_a_batch_in_tokens_is_a_batch_in_sequences() -> None:
    by_tokens = PretrainSpec(architecture="olmo2", batch_tokens=1024, max_length=64, steps=5)
    assert by_tokens == PretrainSpec(architecture="olmo2", batch_size=16, max_length=64, steps=5)
