from __future__ import annotations

import json
from pathlib import Path

import pytest

import lmgeo
from lmgeo.core.errors import SpecError
from lmgeo.train.language_loss import language_loss
from tests.train.decoders import TEXTS, decoder


@pytest.fixture
def corpus(tmp_path: Path) -> str:
    path = tmp_path / "lines.txt"
    path.write_text("\n\n".join(text.replace("\n", " ") for text in TEXTS))
    return f"text:{path}"


def test_a_folder_and_a_handle_have_the_same_loss(tmp_path: Path, corpus: str) -> None:
    handle = decoder()
    handle.save(tmp_path / "model")
    found = lmgeo.language_loss(str(tmp_path / "model"), corpus, max_length=8, most_tokens=None)
    expected = language_loss(handle, [text.replace("\n", " ") for text in TEXTS], max_length=8).to_json()
    assert {key: found[key] for key in expected if key != "notes"} == {
        k: v for k, v in expected.items() if k != "notes"
    }
    assert (found["model"], found["corpus"]) == (str(tmp_path / "model"), "text:lines.txt")
    assert "blank lines skipped" in found["notes"][0]
    assert json.loads(json.dumps(found, allow_nan=False)) == found
    again = lmgeo.language_loss(handle, corpus, max_length=8, most_tokens=None)
    assert again == {**found, "model": "llama"}


def test_it_stops_after_the_tokens_asked_for(corpus: str) -> None:
    found = lmgeo.language_loss(decoder(), corpus, most_tokens=9)
    assert found["tokens"] <= 9
    assert found["notes"][-1] == f"cut after {found['tokens']} tokens"


def test_a_masked_model_is_refused(checkpoint: Path, corpus: str) -> None:
    with pytest.raises(SpecError, match="no causal language model"):
        lmgeo.language_loss(str(checkpoint), corpus)
