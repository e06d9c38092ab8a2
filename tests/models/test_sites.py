"""Sites against transformers' own output_hidden_states, whose conventions differ by family."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch

from lmgeo.core.errors import SpecError, UnknownName
from lmgeo.models import anatomy
from lmgeo.models.handle import ModelHandle

Tiny = Callable[..., Any]


def handle_of(module: Any) -> ModelHandle:
    def none() -> Any:
        raise SpecError("no tokenizer", "none is needed here")

    return ModelHandle(module, "tiny", none)


def padded_batch(module: Any) -> tuple[torch.Tensor, torch.Tensor]:
    generator = torch.Generator().manual_seed(3)
    ids = torch.randint(5, 90, (3, 7), generator=generator)
    mask = torch.ones_like(ids)
    mask[1, 4:] = 0
    mask[2, 2:] = 0
    ids[mask == 0] = module.config.pad_token_id
    return ids, mask


def test_no_family_of_the_table_is_untested(every_family: frozenset[str]) -> None:
    assert every_family == set(anatomy.FAMILIES)


def test_every_site_agrees_with_the_hidden_states(known: str, tiny: Tiny) -> None:
    module = tiny(known)
    handle = handle_of(module)
    ids, mask = padded_batch(module)
    found = handle.forward(ids, mask, handle.sites)
    with torch.no_grad():
        output = handle.backbone(input_ids=ids, attention_mask=mask, output_hidden_states=True)
    theirs, real = output.hidden_states, mask.bool()

    def same(a: torch.Tensor, b: torch.Tensor) -> bool:
        return a.shape == b.shape and torch.equal(a[real], b[real])

    depth = len(theirs) - 1
    blocks = [f"block.{i}" for i in range(depth)]
    norm = ["final_prenorm"] if "final_prenorm" in found else []
    assert list(found) == ["embeddings", *blocks, *norm, "final"]
    assert same(found["embeddings"], theirs[0])
    for i in range(depth - 1):
        assert same(found[blocks[i]], theirs[i + 1])
    # the last of theirs is after the final norm where there is one, and so is not the last block's
    assert same(found["final"], theirs[-1])
    assert same(found["final"], output.last_hidden_state)
    if norm:
        assert same(found["final_prenorm"], found[blocks[-1]])
        assert not same(found["final"], found[blocks[-1]])
    else:
        assert same(found["final"], found[blocks[-1]])
    assert all(state.shape == (3, 7, handle.width) for state in found.values())


def test_padding_changes_nothing(known: str, tiny: Tiny) -> None:
    module = tiny(known)
    handle = handle_of(module)
    ids, mask = padded_batch(module)
    together = handle.forward(ids, mask, handle.sites)
    for row, length in enumerate(mask.sum(dim=1).tolist()):
        alone = handle.forward(ids[row : row + 1, :length], mask[row : row + 1, :length], handle.sites)
        for site in handle.sites:
            torch.testing.assert_close(alone[site][0], together[site][row, :length], rtol=1e-4, atol=1e-5)


def test_structure_alone_finds_the_same_sites(family: str, tiny: Tiny, monkeypatch: pytest.MonkeyPatch) -> None:
    module = tiny(family)
    by_name = handle_of(module)
    monkeypatch.setattr(anatomy, "FAMILIES", {})
    by_structure = handle_of(module)
    ids, mask = padded_batch(module)
    assert by_structure.sites == by_name.sites
    for site, state in by_name.forward(ids, mask, by_name.sites).items():
        assert torch.equal(by_structure.forward(ids, mask, [site])[site], state)


def test_only_what_is_asked_is_kept(tiny: Tiny) -> None:
    handle = handle_of(tiny("llama"))
    ids, mask = padded_batch(handle.module)
    assert list(handle.forward(ids, mask, ["block.1"])) == ["block.1"]
    assert not any(m._forward_hooks or m._forward_pre_hooks for m in handle.module.modules())


def test_hooks_go_when_a_pass_fails(tiny: Tiny) -> None:
    handle = handle_of(tiny("bert"))
    with pytest.raises(IndexError):
        handle.forward(torch.full((1, 3), 10_000), torch.ones(1, 3, dtype=torch.long), ["final"])
    assert not any(m._forward_hooks or m._forward_pre_hooks for m in handle.module.modules())


def test_an_unknown_site_is_answered_with_the_near_one(tiny: Tiny) -> None:
    handle = handle_of(tiny("bert"))
    with pytest.raises(UnknownName, match=r"block\.2"):
        handle.forward(torch.ones(1, 2, dtype=torch.long), torch.ones(1, 2, dtype=torch.long), ["blok.2"])


def test_an_encoder_decoder_is_refused() -> None:
    from transformers import T5Config, T5ForConditionalGeneration

    module = T5ForConditionalGeneration(T5Config(vocab_size=20, d_model=8, d_ff=8, d_kv=4, num_layers=1, num_heads=2))
    with pytest.raises(SpecError, match="encoder-decoder"):
        handle_of(module)


def test_a_family_that_ignores_the_mask_is_refused() -> None:
    from transformers import FNetConfig, FNetModel

    module = FNetModel(FNetConfig(vocab_size=20, hidden_size=8, num_hidden_layers=2, intermediate_size=8)).eval()
    with pytest.raises(SpecError, match=r"cannot make a pass|padding changes"):
        handle_of(module)
