"""The trained tokenizer: the same everywhere, and merges as a slow plain count gives them."""

from __future__ import annotations

import itertools
import json
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lmgeo.core.errors import NotEnoughData
from lmgeo.models.tokenizer import SPECIAL, train_wordpiece
from lmgeo.models.wordpiece import learn_pieces


def plainly(words: dict[str, int], size: int) -> list[str]:
    """The same by counting every pair anew before each merge; for texts of few characters."""
    split = {w: [w[0], *("##" + c for c in w[1:])] for w in words}
    pieces = sorted({p for parts in split.values() for p in parts})
    while len(pieces) < size:
        pairs: Counter[tuple[str, str]] = Counter()
        for word, parts in split.items():
            for pair in itertools.pairwise(parts):
                pairs[pair] += words[word]
        if not pairs:
            break
        best = min(pairs, key=lambda pair: (-pairs[pair], pair))
        joined = best[0] + best[1].removeprefix("##")
        for word, parts in split.items():
            merged: list[str] = []
            for part in parts:
                # left to right, never reusing a piece just merged
                if merged and (merged[-1], part) == best:
                    merged[-1] = joined
                else:
                    merged.append(part)
            split[word] = merged
        if joined not in pieces:
            pieces.append(joined)
    return pieces


@given(st.dictionaries(st.text("abc", min_size=1, max_size=7), st.integers(1, 5), min_size=1, max_size=12))
@settings(max_examples=60, deadline=None)
def test_merges_agree_with_counting_anew(words: dict[str, int]) -> None:
    assert learn_pieces(words, 25) == plainly(words, 25)


def test_many_characters_leave_room_for_merges() -> None:
    words = {chr(0x4E00 + i): 1 for i in range(500)} | {"aa": 1000, "aab": 10}
    pieces = learn_pieces(words, 40)
    assert len(pieces) == 22  # 20 characters, the merge of a and ##a, and aab
    assert {"a", "##a", "aa"} <= set(pieces)


def test_special_tokens_and_lower_case(sentences: list[str]) -> None:
    tokenizer = train_wordpiece(sentences, 90, 16)
    assert tokenizer.convert_ids_to_tokens([0, 1, 2, 3, 4]) == list(SPECIAL)
    assert (tokenizer.pad_token_id, tokenizer.unk_token_id, tokenizer.mask_token_id) == (0, 1, 4)
    assert (tokenizer.cls_token_id, tokenizer.sep_token_id) == (2, 3)
    assert tokenizer.model_max_length == 16
    assert len(tokenizer) == 90
    assert tokenizer("THE Cat")["input_ids"] == tokenizer("the cat")["input_ids"]
    assert tokenizer("字")["input_ids"] == [2, 1, 3]
    assert len(tokenizer("the cat " * 40, truncation=True)["input_ids"]) == 16
    assert tokenizer.decode(tokenizer("the cat sat")["input_ids"], skip_special_tokens=True) == "the cat sat"


def test_frequent_words_become_one_token(sentences: list[str]) -> None:
    assert len(train_wordpiece(sentences, 90, 16)("objects")["input_ids"]) == 3


def test_fewer_words_than_asked_for() -> None:
    assert len(train_wordpiece(["aa ab"], 3000, 16)) == len(SPECIAL) + 5  # a ##a ##b aa ab


@pytest.mark.parametrize("texts", [[], [""], ["  \n"]])
def test_no_words(texts: list[str]) -> None:
    with pytest.raises(NotEnoughData, match="no word"):
        train_wordpiece(texts, 300, 16)


def test_another_process_learns_and_loads_the_same(sentences: list[str], tmp_path: Path) -> None:
    """Hashes of strings differ between processes; the vocabulary must not."""
    ours = train_wordpiece(sentences, 90, 16)
    ours.save_pretrained(tmp_path)
    code = (
        "import json, sys; from transformers import AutoTokenizer; from lmgeo.models.tokenizer import train_wordpiece\n"
        "texts = json.load(sys.stdin); again = train_wordpiece(texts, 90, 16).get_vocab()\n"
        f"loaded = AutoTokenizer.from_pretrained({str(tmp_path)!r})\n"
        "ids = loaded(texts, truncation=True)['input_ids']\n"
        "print(json.dumps([again, loaded.get_vocab(), ids, loaded.model_max_length]))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], input=json.dumps(sentences), capture_output=True, text=True, check=True
    )
    again, loaded, ids, limit = json.loads(done.stdout)
    assert again == loaded == ours.get_vocab()
    assert ids == ours(sentences, truncation=True)["input_ids"]
    assert limit == 16
    assert done.stderr == ""
