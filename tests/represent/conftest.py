"""A tiny trained tokenizer with random models of three kinds."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
import torch

from lmgeo.models.handle import ModelHandle

SENTENCE = "the cat sat on a mat and saw that no name is bound to an object of lists or numbers"
WORDS = SENTENCE.split()


def texts_of(n: int) -> list[str]:
    """Sentences of 1 to 30 words, seeded."""
    generator = torch.Generator().manual_seed(11)
    lengths = torch.randint(1, 31, (n,), generator=generator).tolist()
    picks = torch.randint(0, len(WORDS), (n, 30), generator=generator).tolist()
    return [" ".join(WORDS[i] for i in row[:length]) for row, length in zip(picks, lengths, strict=True)]


@pytest.fixture(scope="session", autouse=True)
def _one_thread() -> Iterator[None]:
    """Threads cost more than they give in models this small."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="session")
def texts() -> list[str]:
    return texts_of(30)


@pytest.fixture(scope="session")
def tokenizer() -> Any:
    from lmgeo.models.tokenizer import train_wordpiece

    return train_wordpiece([SENTENCE], 120, 24)


@pytest.fixture(scope="session")
def build(tokenizer: Any) -> Callable[[str], ModelHandle]:
    def one(family: str) -> ModelHandle:
        from transformers import AutoConfig, AutoModel

        config = AutoConfig.for_model(
            family, vocab_size=130, hidden_size=16, num_hidden_layers=2, num_attention_heads=2, intermediate_size=24,
            max_position_embeddings=24, pad_token_id=0, bos_token_id=2, eos_token_id=3, cls_token_id=2, sep_token_id=3,
        )  # fmt: skip
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(1)
            return ModelHandle(AutoModel.from_config(config), family, lambda: tokenizer)

    return one


@pytest.fixture(scope="session", params=["bert", "modernbert", "llama"])
def handle(request: pytest.FixtureRequest, build: Callable[[str], ModelHandle]) -> ModelHandle:
    return build(request.param)
