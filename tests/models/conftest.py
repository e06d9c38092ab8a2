"""Tiny random models of many families, and a checkpoint folder with a tokenizer of its own."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import torch

VOCABULARY = 90
SHAPE = {"vocab_size": VOCABULARY, "max_position_embeddings": 40, "pad_token_id": 0}
COMMON = {
    **SHAPE,
    "hidden_size": 16,
    "num_hidden_layers": 3,
    "num_attention_heads": 2,
    "intermediate_size": 24,
    "bos_token_id": 1,
    "eos_token_id": 2,
}
# model_type → how its configuration differs
FAMILIES: dict[str, dict[str, Any]] = {
    "bert": {},
    "roberta": {"pad_token_id": 1, "bos_token_id": 0, "max_position_embeddings": 42},
    "distilbert": {"dim": 16, "n_layers": 3, "n_heads": 2, "hidden_dim": 24},
    "modernbert": {"cls_token_id": 1, "sep_token_id": 2},
    "electra": {"embedding_size": 8},
    "albert": {"embedding_size": 8},
    "deberta-v2": {},
    "llama": {"num_key_value_heads": 1},
    "gpt2": {"n_embd": 16, "n_layer": 3, "n_head": 2, "n_positions": 40},
    "gpt_neox": {},
    "olmo2": {},
    "opt": {"ffn_dim": 24, "word_embed_proj_dim": 16},
    "qwen2": {"num_key_value_heads": 1},
    "phi": {},
    "mixtral": {"num_local_experts": 2, "num_key_value_heads": 1},
}
# the rest of the table: their sites are tested, and what does not differ is not tested again
MORE: dict[str, dict[str, Any]] = {
    "xlm-roberta": FAMILIES["roberta"],
    "camembert": FAMILIES["roberta"],
    "deberta": {},
    "mpnet": {"pad_token_id": 1, "max_position_embeddings": 42},
    "gpt_neo": {"num_layers": 2, "num_heads": 2, "attention_types": [[["global", "local"], 1]]},
    "gptj": {**FAMILIES["gpt2"], "rotary_dim": 8},
    "bloom": {"n_layer": 3, "n_head": 2},
    "mistral": {"num_key_value_heads": 1},
    "qwen3": {"num_key_value_heads": 1, "head_dim": 8},
    "gemma": {"num_key_value_heads": 1, "head_dim": 8},
    "gemma2": {"num_key_value_heads": 1, "head_dim": 8},
    "olmo": {},
    "olmo3": {},
    "stablelm": {"num_key_value_heads": 2, "partial_rotary_factor": 0.5},
}
ENCODERS = frozenset(
    {"bert", "roberta", "distilbert", "modernbert", "electra", "albert", "deberta-v2"}
    | {"xlm-roberta", "camembert", "deberta", "mpnet"}
)
SENTENCES = [
    "The cat sat on the mat.",
    "A function returns the value of its last expression!",
    "Numbers, strings and lists are objects.",
    "What is the meaning of a name that is not bound?",
    "Short one.",
    "The names of the lists are bound to the objects, and the objects to the names of other lists.",
] * 5


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "family" in metafunc.fixturenames:
        metafunc.parametrize("family", list(FAMILIES))
    if "known" in metafunc.fixturenames:
        metafunc.parametrize("known", [*FAMILIES, *MORE])


def config_of(family: str) -> Any:
    from transformers import AutoConfig

    differs = (FAMILIES | MORE)[family]
    own_names = {"dim", "n_embd"} & set(differs)
    base = {**SHAPE, "bos_token_id": 1, "eos_token_id": 2} if own_names else COMMON
    if "num_layers" in differs or "n_layer" in differs:
        base = {k: v for k, v in base.items() if k not in ("num_hidden_layers", "num_attention_heads")}
    if "n_positions" in differs:
        base = {k: v for k, v in base.items() if k != "max_position_embeddings"}
    return AutoConfig.for_model(family, **{**base, **differs})


def build(family: str, headless: bool = False) -> Any:
    from transformers import AutoModel, AutoModelForCausalLM, AutoModelForMaskedLM

    automatic = AutoModelForMaskedLM if family in ENCODERS else AutoModelForCausalLM
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(7)
        module = (AutoModel if headless else automatic).from_config(config_of(family))
        # gains and biases as initialised would let a norm pass for none
        for parameter in module.parameters():
            if parameter.ndim == 1:
                parameter.data.add_(0.3 * torch.randn_like(parameter))
    return module.eval()


@pytest.fixture(scope="session")
def tiny() -> Callable[..., Any]:
    """A tiny random module of a family."""
    return build


@pytest.fixture(scope="session")
def every_family() -> frozenset[str]:
    return frozenset(FAMILIES | MORE)


@pytest.fixture(scope="session")
def is_encoder() -> Callable[[str], bool]:
    return lambda family: family in ENCODERS


@pytest.fixture(scope="session")
def sentences() -> list[str]:
    return list(SENTENCES)


@pytest.fixture(scope="session")
def saved(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A BERT checkpoint with head and tokenizer; not to be changed."""
    from lmgeo.models.tokenizer import train_wordpiece

    folder = tmp_path_factory.mktemp("models") / "tiny-bert"
    build("bert").save_pretrained(folder)
    train_wordpiece(SENTENCES, VOCABULARY, 40).save_pretrained(folder)
    return folder


@pytest.fixture
def checkpoint(saved: Path, tmp_path: Path) -> Path:
    """A copy of the same, to be changed."""
    return Path(shutil.copytree(saved, tmp_path / "tiny-bert"))


@pytest.fixture(scope="session", autouse=True)
def _one_thread() -> Iterator[None]:
    """Threads cost more than they give in models this small."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)
