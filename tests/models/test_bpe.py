"""The byte-level tokenizer: no byte is lost, and every process learns the same."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
from collections import Counter
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lmgeo.core.errors import NotEnoughData, SpecError
from lmgeo.models.bpe import SEPARATOR, encode_whole, train_bpe
from lmgeo.models.encoding import encode, opener
from tests.conftest import sentences


@pytest.fixture(scope="module")
def tokenizer() -> Any:
    return train_bpe(sentences(), 320, 32)


@given(st.text())
@settings(max_examples=200, deadline=None)
def test_decoding_gives_the_text_again(tokenizer: Any, text: str) -> None:
    (ids,) = encode_whole(tokenizer, [text])
    assert tokenizer.decode(ids) == text
    assert tokenizer.decode(tokenizer(text)["input_ids"]) == text


def test_one_special_token_and_none_added(tokenizer: Any) -> None:
    assert len(tokenizer) == 320
    assert tokenizer.all_special_ids == [0]
    ends = (tokenizer.bos_token_id, tokenizer.eos_token_id, tokenizer.pad_token_id, tokenizer.unk_token_id)
    assert ends == (0, 0, 0, 0)
    assert tokenizer.num_special_tokens_to_add() == 0
    assert tokenizer.model_max_length == 32
    assert tokenizer("The cat")["input_ids"] != tokenizer("the cat")["input_ids"]
    assert set(tokenizer("the")) == {"input_ids", "attention_mask"}


def test_a_separator_written_in_a_text_is_text(tokenizer: Any) -> None:
    text = f"the cat{SEPARATOR} a dog"
    (whole,) = encode_whole(tokenizer, [text])
    assert 0 not in whole
    assert tokenizer.decode(whole) == text


def test_whole_texts_are_not_cut(tokenizer: Any) -> None:
    (ids,) = encode_whole(tokenizer, ["the cat " * 100])
    assert len(ids) > 32
    assert len(encode(tokenizer, ["the cat " * 100], None, 32, 320)[0]) == 32


def test_merges_agree_with_counting_anew() -> None:
    """The first merges, by a plain count over words of lower-case letters; ties go to the lower ids."""
    texts = ["low lower lowest newer newest wider"] * 2 + ["new low"]
    learned = json.loads(train_bpe(texts, 267, 32).backend_tokenizer.to_str())["model"]
    ids: dict[str, int] = {token: i for token, i in learned["vocab"].items() if i <= 256}
    words = Counter(word for text in texts for word in text.replace(" ", " Ġ").split(" "))
    split = {word: list(word) for word in words}
    merges = []
    for _ in range(10):
        pairs: Counter[tuple[str, str]] = Counter()
        for word, parts in split.items():
            for pair in pairwise(parts):
                pairs[pair] += words[word]
        a, b = min(pairs, key=lambda pair: (-pairs[pair], ids[pair[0]], ids[pair[1]]))
        merges.append([a, b])
        ids[a + b] = len(ids)
        for word, parts in split.items():
            split[word] = " ".join(parts).replace(f"{a} {b}", a + b).split(" ")
    assert learned["merges"] == merges
    assert learned["vocab"] == ids


def test_fewer_pieces_than_asked_for() -> None:
    assert len(train_bpe(["ab"], 5000, 16)) == 258  # <|endoftext|>, 256 bytes, ab


def test_the_least_vocabulary() -> None:
    tokenizer = train_bpe(["ab ab"], 257, 16)
    assert len(tokenizer) == 257
    assert tokenizer.decode(encode_whole(tokenizer, ["ab 字"])[0]) == "ab 字"
    with pytest.raises(SpecError, match="vocabulary 256 has no room"):
        train_bpe(["ab"], 256, 16)


@pytest.mark.parametrize("texts", [[], [""]])
def test_no_text(texts: list[str]) -> None:
    with pytest.raises(NotEnoughData, match="no text"):
        train_bpe(texts, 300, 16)


LEARN = (
    "import hashlib, json, sys; from lmgeo.models.bpe import train_bpe\n"
    "text = train_bpe(json.load(sys.stdin), 600, 32).backend_tokenizer.to_str()\n"
    "print(hashlib.sha256(text.encode()).hexdigest())"
)


def test_every_process_learns_the_same() -> None:
    """With many ties: hash maps are walked in another order in each process, and threads count side by side."""
    texts = sentences(400, seed=1) + [" ".join(chr(0x4E00 + i + j) * 2 for j in range(9)) for i in range(90)]
    ours = hashlib.sha256(train_bpe(texts, 600, 32).backend_tokenizer.to_str().encode()).hexdigest()
    for seed in range(3):
        environment = {**os.environ, "PYTHONHASHSEED": str(seed), "TOKENIZERS_PARALLELISM": str(seed < 2).lower()}
        done = subprocess.run(
            [sys.executable, "-c", LEARN],
            input=json.dumps(texts),
            env=environment,
            capture_output=True,
            text=True,
            check=True,
        )
        assert done.stdout.strip() == ours


@pytest.mark.parametrize("model_type", [None, "gpt_neox", "olmo2", "stablelm"])
def test_plain_transformers_loads_it(tokenizer: Any, tmp_path: Path, model_type: str | None) -> None:
    """Beside a model's config.json too, whose family has a tokenizer class of its own."""
    tokenizer.save_pretrained(tmp_path)
    if model_type is not None:
        (tmp_path / "config.json").write_text(json.dumps({"model_type": model_type}))
    text = f"The cat  don't , x . \n é 🎉 {SEPARATOR}"
    loaded = opener(tmp_path)()
    assert loaded(text)["input_ids"] == tokenizer(text)["input_ids"]
    assert loaded.get_vocab() == tokenizer.get_vocab()
    assert encode_whole(loaded, [text]) == encode_whole(tokenizer, [text])
    assert loaded.decode(loaded(text)["input_ids"]) == text


def test_a_fresh_process_loads_it(tokenizer: Any, tmp_path: Path) -> None:
    tokenizer.save_pretrained(tmp_path)
    code = (
        "import json; from transformers import AutoTokenizer\n"
        f"t = AutoTokenizer.from_pretrained({str(tmp_path)!r})\n"
        "print(json.dumps([t('the cat sees')['input_ids'], t.model_max_length, t.pad_token_id, len(t)]))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert json.loads(done.stdout) == [tokenizer("the cat sees")["input_ids"], 32, 0, 320]
