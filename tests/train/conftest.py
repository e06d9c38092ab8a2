"""Tiny texts, models and tasks to train on in a second."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest
import torch

from lmgeo.core.spec.model import PretrainSpec
from lmgeo.data.document_split import split_documents
from lmgeo.data.examples import Examples
from lmgeo.data.tasks import Task, TaskData
from lmgeo.data.token_files import TokenFile
from lmgeo.models.bpe import SEPARATOR_ID, encode_whole, train_bpe
from lmgeo.models.build import build_model
from lmgeo.models.handle import ModelHandle
from lmgeo.models.tokenizer import train_wordpiece
from lmgeo.train.causal_text import CausalText
from lmgeo.train.optimization import torch_stream

MakeSpec = Callable[..., PretrainSpec]
SUBJECTS = ("the cat", "a dog", "my horse", "one bird", "their fox")
VERBS = ("sees", "likes", "hears", "follows")
OBJECTS = ("the red house", "a green tree", "some old stones", "the long road by the sea", "water")


@pytest.fixture(autouse=True)
def _one_thread() -> Iterator[None]:
    """Models this small only wait for one another's threads."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


@pytest.fixture(scope="session")
def sentences() -> list[str]:
    """A hundred unlike sentences of a small grammar, each three times."""
    return [f"{s} {v} {o}" for s in SUBJECTS for v in VERBS for o in OBJECTS] * 3


@pytest.fixture(scope="session")
def tiny_spec() -> MakeSpec:
    """A spec of a model that trains in a second, with changes."""

    def make(**changes: Any) -> PretrainSpec:
        small = {"width": 16, "layers": 2, "heads": 2, "vocabulary": 300, "max_length": 16, "steps": 12}
        return PretrainSpec(**{**small, "batch_size": 8, "learning_rate": 3e-3, **changes})

    return make


@pytest.fixture(scope="session")
def causal() -> CausalText:
    """A hundred unlike documents of the small grammar as packed tokens, for windows of 16."""
    documents = [f"{s} {v} {o}, and {t} {v} {s}." for s in SUBJECTS for v in VERBS for o in OBJECTS for t in SUBJECTS]
    train, held_out = split_documents(documents)
    tokenizer = train_bpe(train, 300, 16)
    parts = [_stream(tokenizer, part) for part in (train, held_out)]
    counts = np.bincount(parts[0].ids, minlength=len(tokenizer)) + 1.0
    return CausalText("small-grammar", *parts, tokenizer, held_out, np.log(counts / counts.sum()), [])


def _stream(tokenizer: Any, documents: list[str]) -> TokenFile:
    rows = [np.array([SEPARATOR_ID, *ids], np.uint16) for ids in encode_whole(tokenizer, documents)]
    starts = np.cumsum([0, *(len(row) for row in rows[:-1])])
    return TokenFile(np.concatenate(rows), starts, np.array([len(d.encode()) for d in documents]))


@pytest.fixture(scope="session")
def causal_spec() -> MakeSpec:
    """A spec of a causal model that trains in a second on `causal`, with changes."""

    def make(**changes: Any) -> PretrainSpec:
        small = {"architecture": "olmo2", "width": 16, "layers": 2, "heads": 2, "vocabulary": 300, "max_length": 16}
        return PretrainSpec(**{**small, "steps": 12, "batch_size": 5, **changes})

    return make


@pytest.fixture(scope="session", params=["bert", "modernbert"])
def encoder(
    request: pytest.FixtureRequest, sentences: list[str], tiny_spec: Callable[..., PretrainSpec]
) -> ModelHandle:
    """An untrained encoder of each architecture."""
    return make_encoder(request.param, sentences, tiny_spec)


@pytest.fixture(scope="session", params=["bert", "modernbert", "gpt2"])
def model(request: pytest.FixtureRequest, sentences: list[str], tiny_spec: MakeSpec) -> ModelHandle:
    """An untrained model of each kind, a decoder among them."""
    if request.param == "gpt2":
        return make_decoder(sentences)
    return make_encoder(request.param, sentences, tiny_spec)


def make_encoder(architecture: str, sentences: list[str], tiny_spec: MakeSpec) -> ModelHandle:
    tokenizer = train_wordpiece(sentences, 300, 16)
    spec = tiny_spec(architecture=architecture, dropout=0.1)
    return ModelHandle(build_model(spec, len(tokenizer), tokenizer.pad_token_id), "tiny", lambda: tokenizer)


def make_decoder(sentences: list[str]) -> ModelHandle:
    """A GPT-2 whose tokenizer has no pad token."""
    from tokenizers import Tokenizer, models, pre_tokenizers
    from transformers import GPT2Config, GPT2LMHeadModel, PreTrainedTokenizerFast

    words = ["<end>", *sorted({w for s in sentences for w in s.split()})]
    raw = Tokenizer(models.WordLevel({w: i for i, w in enumerate(words)}, unk_token="<end>"))
    raw.pre_tokenizer = pre_tokenizers.Whitespace()
    tokenizer = PreTrainedTokenizerFast(tokenizer_object=raw, eos_token="<end>", unk_token="<end>")
    config = GPT2Config(
        vocab_size=len(words), n_positions=32, n_embd=16, n_layer=2, n_head=2, bos_token_id=0, eos_token_id=0
    )
    with torch_stream(0, "init"):
        module = GPT2LMHeadModel(config)
    return ModelHandle(module, "tiny-gpt2", lambda: tokenizer)


@pytest.fixture(scope="session")
def task() -> Callable[..., TaskData]:
    """A task of given examples: the label is whether the first text names a cat; a pair's second text is noise."""

    def make(sentences: list[str], pairs: bool = False, graded: bool = False) -> TaskData:
        random = np.random.default_rng(0)
        order = random.permutation(len(sentences))
        first = [sentences[i] for i in order]
        second = [sentences[i] for i in random.permutation(order)] if pairs else None
        labels = np.array(["cat" in s for s in first], np.int64)
        examples = Examples(first, second, labels * 2.5 if graded else labels)
        half = np.arange(len(order)) < len(order) // 2
        facts = ("pair" if pairs else "single", None if graded else ("no", "yes"))
        metrics = ("pearson", "spearman") if graded else ("accuracy", "f1")
        declared = Task("cats", *facts, metrics, "Is there a cat?", source=None)
        return TaskData(declared, examples.take(np.flatnonzero(half)), examples.take(np.flatnonzero(~half)), "")

    return make
