"""What a causal model is trained on: whole documents, one tokenizer, nothing of the held-out part in either."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from lmgeo.core.errors import NotEnoughData, SpecError
from lmgeo.data.corpora import open_documents
from lmgeo.models.bpe import encode_whole, train_bpe
from lmgeo.train import causal_text as module
from lmgeo.train.causal_text import CausalText, causal_text


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("LMGEO_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


@pytest.fixture
def text(text_file: Path) -> CausalText:
    return causal_text(f"text:{text_file}", 320, 32)


def test_streams_are_the_documents(text: CausalText, text_file: Path) -> None:
    documents = open_documents(f"text:{text_file}").texts
    held_out = set(text.held_out_documents)
    train = [d for d in documents if d not in held_out]
    for file, part in ((text.train, train), (text.held_out, text.held_out_documents)):
        rows = [[0, *ids] for ids in encode_whole(text.tokenizer, part)]
        assert file.ids.tolist() == [i for row in rows for i in row]
        assert text.tokenizer.decode(file.ids) == "".join(f"<|endoftext|>{d}" for d in part)
        assert file.bytes.tolist() == [len(d.encode()) for d in part]
    assert len(held_out) == round(0.05 * len(documents))


def test_the_tokenizer_is_learned_from_the_training_part_alone(text: CausalText, text_file: Path) -> None:
    held_out = set(text.held_out_documents)
    train = [d for d in open_documents(f"text:{text_file}").texts if d not in held_out]
    assert text.tokenizer.get_vocab() == train_bpe(train, 320, 32).get_vocab()
    assert text.tokenizer.model_max_length == 32


def test_unigram_is_a_distribution_over_the_vocabulary(text: CausalText) -> None:
    assert text.log_unigram.shape == (len(text.tokenizer),)
    assert np.exp(text.log_unigram).sum() == pytest.approx(1.0)
    assert np.argmax(text.log_unigram) == np.bincount(text.train.ids).argmax()


def test_the_second_time_nothing_is_learned(
    text: CausalText, text_file: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(module, "train_bpe", None)  # learning again would fail
    copy = tmp_path / "elsewhere.txt"
    copy.write_bytes(text_file.read_bytes())
    again = causal_text(f"text:{copy}", 320, 32)
    assert again.train.ids.tolist() == text.train.ids.tolist()
    assert again.tokenizer.get_vocab() == text.tokenizer.get_vocab()


def test_other_settings_and_other_text_are_other_files(text: CausalText, text_file: Path, cache: Path) -> None:
    causal_text(f"text:{text_file}", 300, 32)
    causal_text(f"text:{text_file}", 320, 16)
    longer = text_file.with_name("longer.txt")
    longer.write_text(text_file.read_text() + "One more.\n")
    causal_text(f"text:{longer}", 320, 32)
    assert len([folder for folder in (cache / "tokens").iterdir() if folder.is_dir()]) == 4


def test_another_process_makes_the_same_files(text: CausalText, text_file: Path, tmp_path: Path, cache: Path) -> None:
    code = f"from lmgeo.train.causal_text import causal_text; causal_text('text:{text_file}', 320, 32)"
    other = tmp_path / "other"
    subprocess.run([sys.executable, "-c", code], env={"LMGEO_CACHE": str(other), **_paths()}, check=True)
    names = [path.relative_to(cache) for path in cache.rglob("*") if path.is_file()]
    assert len(names) > 7
    assert all((other / name).read_bytes() == (cache / name).read_bytes() for name in names)


def _paths() -> dict[str, str]:
    import os

    return {name: value for name, value in os.environ.items() if name != "LMGEO_CACHE"}


def test_too_little_text(tmp_path: Path) -> None:
    path = tmp_path / "one.txt"
    path.write_text("a single document\n")
    with pytest.raises(NotEnoughData, match="1 document cannot be split"):
        causal_text(f"text:{path}", 320, 32)
    with pytest.raises(SpecError, match="no file"):
        causal_text(f"text:{tmp_path / 'absent.txt'}", 320, 32)


def test_a_vocabulary_without_room_for_bytes(text_file: Path, cache: Path) -> None:
    with pytest.raises(SpecError, match="vocabulary 100"):
        causal_text(f"text:{text_file}", 100, 32)
    assert not [folder for folder in (cache / "tokens").iterdir() if folder.is_dir()]
