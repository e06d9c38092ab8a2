"""New encoders are what the spec says, from a seed of their own."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch

from lmgeo.core.spec.model import PretrainSpec
from lmgeo.models.build import build_model, untrained_twin
from lmgeo.models.handle import ModelHandle
from lmgeo.models.load import load_model
from lmgeo.models.tokenizer import train_wordpiece

SMALL: dict[str, Any] = {"width": 64, "layers": 2, "max_length": 24}


@pytest.fixture(params=["bert", "modernbert"])
def architecture(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def test_its_shape(architecture: str) -> None:
    module = build_model(PretrainSpec(architecture=architecture, **SMALL), 300, 0)
    config = module.config
    assert (config.vocab_size, config.hidden_size, config.num_hidden_layers) == (300, 64, 2)
    assert (config.num_attention_heads, config.max_position_embeddings, config.pad_token_id) == (2, 24, 0)
    assert type(module).__name__.endswith("ForMaskedLM")
    assert module.get_output_embeddings().weight is module.get_input_embeddings().weight
    assert {p.dtype for p in module.parameters()} == {torch.float32}
    ids = torch.arange(5, 29)[None]
    assert module(input_ids=ids, attention_mask=torch.ones_like(ids)).logits.shape == (1, 24, 300)


def test_only_modernbert_has_a_final_norm() -> None:
    def sites(architecture: str) -> tuple[str, ...]:
        module = build_model(PretrainSpec(architecture=architecture, **SMALL), 300, 0)
        return ModelHandle(module, architecture, lambda: None).sites

    assert sites("modernbert") == ("embeddings", "block.0", "block.1", "final_prenorm", "final")
    assert sites("bert") == ("embeddings", "block.0", "block.1", "final")


def test_the_seed_decides_and_the_global_generator_is_untouched(architecture: str) -> None:
    def values(seed: int, given: int | None = None) -> torch.Tensor:
        spec = PretrainSpec(architecture=architecture, seed=seed, **SMALL)
        return torch.cat([p.detach().flatten() for p in build_model(spec, 300, 0, given).parameters()])

    torch.manual_seed(5)
    expected = torch.rand(3)
    torch.manual_seed(5)
    one = values(1)
    assert torch.equal(torch.rand(3), expected)
    assert torch.equal(one, values(1))
    assert torch.equal(one, values(7, given=1))
    assert not torch.equal(one, values(2))


def test_dropout_is_the_specs(architecture: str) -> None:
    def in_training(dropout: float) -> bool:
        module = build_model(PretrainSpec(architecture=architecture, dropout=dropout, **SMALL), 300, 0).train()
        ids = torch.arange(5, 20)[None]
        return torch.equal(module(input_ids=ids).logits, module(input_ids=ids).logits)

    assert in_training(0.0)
    assert not in_training(0.3)


@pytest.mark.parametrize(("width", "heads"), [(64, 2), (16, 1), (100, 2), (96, 3), (80, 2)])
def test_heads_by_default(width: int, heads: int) -> None:
    spec = PretrainSpec(architecture="modernbert", width=width, layers=1)
    assert build_model(spec, 300, 0).config.num_attention_heads == heads


def test_a_twin_has_the_shape_and_nothing_else(family: str, tiny: Any) -> None:
    handle = ModelHandle(tiny(family), "tiny", lambda: None)
    state = torch.get_rng_state()
    twin, same = untrained_twin(handle, 3), untrained_twin(handle, 3)
    assert torch.equal(torch.get_rng_state(), state)
    assert {n: w.tensor.shape for n, w in twin.weights().items()} == {
        n: w.tensor.shape for n, w in handle.weights().items()
    }
    matrices = [n for n, w in handle.weights().items() if w.tensor.ndim == 2 and w.role != "pooler"]
    assert not any(torch.equal(twin.weights()[n].tensor, handle.weights()[n].tensor) for n in matrices)
    assert all(torch.equal(w.tensor, same.weights()[n].tensor) for n, w in twin.weights().items())
    assert not twin.module.training
    assert "untrained" in twin.label


def test_a_checkpoint_of_it_is_an_ordinary_one(architecture: str, sentences: list[str], tmp_path: Path) -> None:
    """AutoTokenizer chooses its class by the model beside it; the ids must not depend on that."""
    tokenizer = train_wordpiece(sentences, 300, 24)
    spec = PretrainSpec(architecture=architecture, **SMALL)
    module = build_model(spec, len(tokenizer), tokenizer.pad_token_id)
    ModelHandle(module, architecture, lambda: tokenizer).save(tmp_path / "model")
    loaded = load_model(tmp_path / "model")
    assert type(loaded.module) is type(module)
    assert all(torch.equal(w.tensor, dict(module.named_parameters())[n]) for n, w in loaded.weights().items())
    assert (loaded.max_length, loaded.pad_id, loaded.mask_id) == (24, 0, 4)
    long = [*sentences, "the names " * 40, ""]
    ids = tokenizer(long, truncation=True)["input_ids"]
    sequences = loaded.encode(long)
    assert [s.ids.tolist() for s in sequences] == ids
    assert all(s.special.tolist() == [i in (2, 3) for i in s.ids] for s in sequences)
    pair = loaded.encode(["the cat"], ["the mat"])[0]
    assert pair.ids.tolist() == tokenizer("the cat", "the mat")["input_ids"]
