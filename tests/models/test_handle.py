"""What a handle tells, how it encodes, and that changed copies leave the base alone."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from lmgeo.core.errors import SpecError, UnknownName
from lmgeo.models.handle import ModelHandle
from lmgeo.models.limits import NO_LIMIT, position_limit
from lmgeo.models.load import load_model

Tiny = Callable[..., Any]


@pytest.fixture(scope="module")
def handle(saved: Path) -> ModelHandle:
    return load_model(saved)


def of(module: Any, tokenizer: Any = None) -> ModelHandle:
    return ModelHandle(module, "tiny", lambda: tokenizer)


def test_what_it_is(handle: ModelHandle) -> None:
    assert (handle.label, handle.family, handle.width, handle.max_length) == ("tiny-bert", "bert", 16, 40)
    assert (handle.vocabulary_size, handle.pad_id, handle.mask_id, handle.is_decoder) == (90, 0, 4, False)
    assert handle.backbone is handle.module.bert
    assert not handle.module.training


def test_which_families_are_decoders(family: str, tiny: Tiny, is_encoder: Callable[[str], bool]) -> None:
    assert of(tiny(family)).is_decoder != is_encoder(family)
    assert of(tiny(family, headless=True)).is_decoder != is_encoder(family)


def test_positions(family: str, tiny: Tiny) -> None:
    """RoBERTa's table has 42 rows here, the first two of which no token of a text can have."""
    module = tiny(family)
    assert position_limit(module.base_model) == 40
    ids = torch.full((1, 40), 7)
    of(module).forward(ids, torch.ones_like(ids), ["final"])


def test_no_limit_where_none_is_stated() -> None:
    from transformers import MambaConfig, MambaModel

    assert position_limit(MambaModel(MambaConfig(vocab_size=9, hidden_size=8, num_hidden_layers=1))) == NO_LIMIT


def test_encoding_is_the_tokenizers_own(handle: ModelHandle, sentences: list[str]) -> None:
    theirs = handle.tokenizer(sentences, truncation=True, max_length=40)["input_ids"]
    ours = handle.encode(sentences)
    assert [s.ids.tolist() for s in ours] == theirs
    assert all(s.special.tolist() == [i in (2, 3) for i in s.ids] for s in ours)
    assert all(s.ids.dtype == np.int32 and s.special.dtype == bool and s.segments.dtype == np.int8 for s in ours)


def test_pairs_are_truncated_longest_first(handle: ModelHandle) -> None:
    (sequence,) = handle.encode(["the cat sat"], ["the mat " * 30], max_length=20)
    theirs = handle.tokenizer("the cat sat", "the mat " * 30, truncation="longest_first", max_length=20)
    assert sequence.ids.tolist() == theirs["input_ids"]
    assert sequence.segments.tolist() == theirs["token_type_ids"]
    assert len(sequence) == 20
    assert sequence.special.sum() == 3


def test_max_length_never_exceeds_the_models(handle: ModelHandle) -> None:
    long = ["the cat sat on the mat " * 50]
    assert len(handle.encode(long)[0]) == 40
    assert len(handle.encode(long, max_length=1000)[0]) == 40
    assert len(handle.encode(long, max_length=9)[0]) == 9


def test_empty_and_odd_texts(handle: ModelHandle) -> None:
    assert handle.encode([]) == []
    assert handle.encode([""])[0].ids.tolist() == [2, 3]
    assert len(handle.encode(["\x00 \ud7ff 🙂 " + "x" * 500])[0]) >= 3


def test_no_room_beside_special_tokens(handle: ModelHandle) -> None:
    with pytest.raises(SpecError, match="no room"):
        handle.encode(["a"], max_length=2)
    with pytest.raises(SpecError, match="no room"):
        handle.encode(["a"], ["b"], max_length=3)
    with pytest.raises(SpecError, match="second text"):
        handle.encode(["a", "b"], ["c"])


def test_a_foreign_tokenizer_is_found_out(tiny: Tiny, handle: ModelHandle, sentences: list[str]) -> None:
    module = tiny("bert")
    module.resize_token_embeddings(12)
    with pytest.raises(SpecError, match="12 embeddings"):
        of(module, handle.tokenizer).encode(sentences)


def test_a_model_that_knows_no_segments_is_told_none(tiny: Tiny, handle: ModelHandle) -> None:
    other = of(tiny("modernbert"), handle.tokenizer)
    (sequence,) = other.encode(["the cat"], ["the mat"])
    ids = torch.tensor(sequence.ids[None].astype(np.int64))
    segments = torch.tensor(sequence.segments[None].astype(np.int64))
    with_them = other.forward(ids, torch.ones_like(ids), ["final"], segments)["final"]
    assert torch.equal(with_them, other.forward(ids, torch.ones_like(ids), ["final"])["final"])
    told = handle.forward(ids, torch.ones_like(ids), ["final"], segments)["final"]
    assert not torch.equal(told, handle.forward(ids, torch.ones_like(ids), ["final"])["final"])


def test_a_decoder_without_pad_token_still_pads() -> None:
    class Bare:
        pad_token_id = None
        eos_token_id = None

    from transformers import GPT2Config, GPT2Model

    config = GPT2Config(vocab_size=9, n_embd=8, n_layer=1, n_head=1, bos_token_id=None, eos_token_id=None)
    assert of(GPT2Model(config), Bare()).pad_id == 0


def test_forward_has_no_dropout_and_training_goes_on(tiny: Tiny) -> None:
    handle = of(tiny("bert"))
    ids = torch.arange(5, 15)[None]
    first = handle.forward(ids, torch.ones_like(ids), ["final"])["final"]
    handle.module.train()
    again = handle.forward(ids, torch.ones_like(ids), ["final"])["final"]
    assert torch.equal(first, again)
    assert handle.module.training
    assert not first.requires_grad


def test_changed_weights_leave_the_base_alone(family: str, tiny: Tiny) -> None:
    base = of(tiny(family))
    before = {name: w.tensor.clone() for name, w in base.weights().items()}
    changed = base.with_weights({name: w.tensor + 1 for name, w in base.weights().items()})
    for name, weight in changed.weights().items():
        assert torch.equal(weight.tensor, before[name] + 1)
    changed.module.get_input_embeddings().weight.data.zero_()
    assert all(torch.equal(w.tensor, before[name]) for name, w in base.weights().items())
    ours = {t.data_ptr() for t in [*base.module.parameters(), *base.module.buffers()] if t.numel()}
    theirs = {t.data_ptr() for t in [*changed.module.parameters(), *changed.module.buffers()] if t.numel()}
    assert not ours & theirs


def test_ties_stay_tied(family: str, tiny: Tiny) -> None:
    base = of(tiny(family))
    changed = base.with_weights({name: 2 * w.tensor for name, w in base.weights().items()})
    found, before = changed.unembedding(), base.unembedding()
    assert found is not None
    assert before is not None
    assert (found[0], found[2]) == (before[0], before[2])
    assert torch.equal(found[1], 2 * before[1])


def test_some_weights_only_and_the_same_function(tiny: Tiny) -> None:
    base = of(tiny("bert"))
    name = "bert.encoder.layer.2.output.dense.weight"
    same = base.with_weights({name: base.weights()[name].tensor.double()})
    ids = torch.arange(5, 15)[None]
    one, two = (h.forward(ids, torch.ones_like(ids), h.sites) for h in (base, same))
    assert all(torch.equal(one[s], two[s]) for s in base.sites)
    assert same.weights()[name].tensor.dtype == torch.float32


def test_weights_that_do_not_fit(tiny: Tiny) -> None:
    base = of(tiny("bert"))
    with pytest.raises(UnknownName, match="did you mean"):
        base.with_weights({"bert.embeddings.LayerNorm.weigth": torch.zeros(16)})
    with pytest.raises(SpecError, match=r"\(16,\)"):
        base.with_weights({"bert.embeddings.LayerNorm.weight": torch.zeros(1)})


def test_the_unembedding_is_the_heads_matrix(family: str, tiny: Tiny) -> None:
    module = tiny(family)
    found = of(module).unembedding()
    assert found is not None
    name, matrix, tied = found
    assert torch.equal(matrix, of(module).weights()[name].tensor)
    assert matrix.shape == (90, 8 if family in ("electra", "albert") else 16)
    assert tied == (matrix.data_ptr() == module.get_input_embeddings().weight.data_ptr())
    assert of(module).matrix("unembedding") is not None


def test_a_headless_model_has_no_unembedding(family: str, tiny: Tiny) -> None:
    handle = of(tiny(family, headless=True))
    assert handle.unembedding() is None
    assert handle.matrix("unembedding") is None
    assert handle.matrix("nothing.of.the.kind") is None


def test_a_saved_model_is_the_same_when_loaded(handle: ModelHandle, tmp_path: Path, sentences: list[str]) -> None:
    changed = handle.with_weights({n: 0.5 * w.tensor for n, w in handle.weights().items()})
    changed.save(tmp_path / "copy")
    again = load_model(tmp_path / "copy")
    assert all(torch.equal(w.tensor, changed.weights()[n].tensor) for n, w in again.weights().items())
    assert [s.ids.tolist() for s in again.encode(sentences)] == [s.ids.tolist() for s in handle.encode(sentences)]
    assert again.unembedding()[2]  # type: ignore[index]


def test_saving_over_something_else_is_refused(handle: ModelHandle, tmp_path: Path) -> None:
    (tmp_path / "letters.txt").write_text("dear")
    with pytest.raises(SpecError, match="no checkpoint"):
        handle.save(tmp_path)
    assert (tmp_path / "letters.txt").read_text() == "dear"


def test_nothing_is_written_on_the_terminal(
    saved: Path, tmp_path: Path, sentences: list[str], capfd: pytest.CaptureFixture[str]
) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        loaded = load_model(saved)
        loaded.encode(["the cat sat on the mat " * 50, *sentences])
        loaded.with_weights({}).save(tmp_path / "copy")
    assert capfd.readouterr() == ("", "")
