"""Corpus specs: kinds, joins, paths with `+` and `:` in them, identities without paths."""

from __future__ import annotations

from pathlib import Path

import pytest

from lmgeo.core.errors import NotEnoughData, SpecError, UnknownName
from lmgeo.core.identity import canonical_json
from lmgeo.data.corpora import CORPORA, corpus_identity, open_corpus


def write(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def test_every_kind_tells_how_it_is_written() -> None:
    assert list(CORPORA) == ["hf", "ptb", "pycode", "pydocs", "text", "wikitext"]
    for name, kind in CORPORA.items():
        assert kind.name == name
        assert kind.usage.startswith(name)
        assert kind.description


def test_text_skips_blank_lines_and_nothing_else(tmp_path: Path) -> None:
    path = write(tmp_path / "a.txt", "one\n\n  \n two \nx\n")
    corpus = open_corpus(f"text:{path}")
    assert corpus.sequences == ["one", " two ", "x"]
    assert corpus.name == "text:a.txt"
    assert corpus.notes == ["a.txt: 2 blank lines skipped"]


def test_joined_parts_follow_one_another(tmp_path: Path) -> None:
    a, b = write(tmp_path / "a.txt", "one\n"), write(tmp_path / "b.txt", "two\n")
    corpus = open_corpus(f"text:{a}+text:{b}")
    assert corpus.sequences == ["one", "two"]
    assert corpus.name == "text:a.txt+text:b.txt"
    assert corpus.sources == ["1. text:a.txt", "2. text:b.txt"]
    assert open_corpus(f"text:{a}").sources == []
    assert open_corpus(f"text:{a}+text:{a}").sources == ["1. text:a.txt", "2. text:a.txt"]


@pytest.mark.parametrize("name", ["c++.txt", "a+text:b.txt", "a:b+c.txt", "a+pydocs"])
def test_paths_may_hold_plus_and_colon(tmp_path: Path, name: str) -> None:
    path = write(tmp_path / name, "one\n")
    other = write(tmp_path / "other.txt", "two\n")
    assert open_corpus(f"text:{path}").sequences == ["one"]
    assert open_corpus(f"text:{other}+text:{path}").sequences == ["two", "one"]
    assert open_corpus(f"text:{path}+text:{other}").sequences == ["one", "two"]


def test_identity_knows_content_and_no_path(tmp_path: Path) -> None:
    a = write(tmp_path / "a.txt", "one\n")
    b = write(tmp_path / "elsewhere" / "b.txt", "one\n")
    c = write(tmp_path / "c.txt", "two\n")
    assert corpus_identity(f"text:{a}") == corpus_identity(f"text:{b}") != corpus_identity(f"text:{c}")
    assert str(tmp_path) not in canonical_json(corpus_identity(f"text:{a}"))
    assert corpus_identity(f"text:{a}+text:{c}") != corpus_identity(f"text:{c}+text:{a}")


@pytest.mark.parametrize(
    ("spec", "error", "mend"),
    [
        ("pydoc", UnknownName, "'pydocs'"),
        ("wikitxt:x", UnknownName, "'wikitext'"),
        ("", UnknownName, "text:FILE"),
        ("pydocs+", UnknownName, "pydocs"),
        ("pydocs:x", SpecError, "write pydocs"),
        ("text:", SpecError, "write text:FILE"),
        ("text", SpecError, "write text:FILE"),
        ("text: ", SpecError, "write text:FILE"),
        ("hf:", SpecError, "write hf:NAME"),
        ("hf:a//b", SpecError, "OWNER/NAME"),
        ("hf:a/b/c/d", SpecError, "OWNER/NAME"),
        ("text:/no/such/file", SpecError, "one sequence a line"),
        ("wikitext:/no/such/folder", SpecError, "wiki.train.tokens"),
        ("ptb:/no/such/folder", SpecError, "ptb.train.txt"),
    ],
)
def test_what_cannot_be_opened_says_how_to_mend_it(spec: str, error: type[SpecError], mend: str) -> None:
    for act in (open_corpus, corpus_identity):
        with pytest.raises(error) as caught:
            act(spec)
        assert mend in caught.value.mend


def test_a_typo_after_a_sound_part_is_named(tmp_path: Path) -> None:
    path = write(tmp_path / "a.txt", "one\n")
    with pytest.raises(UnknownName, match="wikitxt"):
        open_corpus(f"text:{path}+wikitxt:somewhere")


def test_a_bare_path_is_told_its_kind(tmp_path: Path) -> None:
    path = write(tmp_path / "a.txt", "one\n")
    with pytest.raises(UnknownName) as caught:
        open_corpus(str(path))
    assert f"'text:{path}'" in caught.value.mend


def test_an_empty_file_is_not_enough(tmp_path: Path) -> None:
    with pytest.raises(NotEnoughData, match="holds no text"):
        open_corpus(f"text:{write(tmp_path / 'a.txt', ' ')}")
