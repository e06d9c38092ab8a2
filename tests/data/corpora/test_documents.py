"""Whole documents of every kind of corpus, and the built-in program text."""

from __future__ import annotations

import itertools
import subprocess
import sys
from pathlib import Path

import pytest

from lmgeo.core.errors import NotEnoughData, SpecError, UnknownName
from lmgeo.core.identity import canonical_json
from lmgeo.data.corpora import CORPORA, Corpus, CorpusKind, corpus_identity, open_corpus, open_documents
from lmgeo.data.corpora import pycode as pycode_module
from lmgeo.data.corpora.pycode import blocks_of
from lmgeo.data.pydocs.sources import standard_library

ARTICLES = (
    " \n = One = Two = \n \n A paragraph . \n = not a title = inside\n \n = = Section = = \n \n More . \n \n"
    " = Other = \n \n Last = \n"
)


def test_articles_are_the_file_cut_at_titles(tmp_path: Path) -> None:
    (tmp_path / "wiki.train.tokens").write_text(ARTICLES)
    documents = open_documents(f"wikitext:{tmp_path}")
    assert [text.split("\n")[0] for text in documents.texts] == [" = One = Two = ", " = Other = "]
    assert " \n" + "".join(documents.texts) == ARTICLES
    assert documents.name == f"wikitext:{tmp_path.name}"


def test_a_heading_inside_a_paragraph_is_no_title(tmp_path: Path) -> None:
    path = tmp_path / "wiki.test.tokens"
    path.write_text(" \n = A = \n \n text\n = 3 = \n text\n \n = = B = = \n \n = = = C = = = \n \n")
    assert len(open_documents(f"wikitext:{path}").texts) == 1


def test_text_before_the_first_title_is_a_document(tmp_path: Path) -> None:
    path = tmp_path / "wiki.test.tokens"
    path.write_text("before\n\n= A =\n\ntext\n")
    assert open_documents(f"wikitext:{path}").texts == ["before\n\n", "= A =\n\ntext\n"]


def test_blank_articles(tmp_path: Path) -> None:
    (tmp_path / "wiki.test.tokens").write_text(" \n\n")
    with pytest.raises(NotEnoughData, match="no article"):
        open_documents(f"wikitext:{tmp_path}")


@pytest.mark.shared
def test_real_articles(shared: Path) -> None:
    folder = shared / "data" / "wikitext-2"
    found = {split: open_documents(f"wikitext:{folder}/wiki.{split}.tokens") for split in ("valid", "test")}
    assert {split: len(documents.texts) for split, documents in found.items()} == {"valid": 60, "test": 60}
    whole = (folder / "wiki.test.tokens").read_text()
    assert "".join(found["test"].texts) == whole[whole.index(" = ") :]


def test_a_file_of_the_treebank_is_a_document(tmp_path: Path) -> None:
    (tmp_path / "ptb.valid.txt").write_text(" c d \n\n e\n")
    (tmp_path / "ptb.train.txt").write_text(" a b \n")
    assert open_documents(f"ptb:{tmp_path}").texts == ["a b\n", "c d\ne\n"]


def test_a_blank_file_of_the_treebank(tmp_path: Path) -> None:
    (tmp_path / "ptb.valid.txt").write_text("\n")
    (tmp_path / "ptb.train.txt").write_text("a b\n")
    assert open_documents(f"ptb:{tmp_path}").texts == ["a b\n"]


def test_lines_are_documents_and_copies_count_once(tmp_path: Path) -> None:
    a, b = tmp_path / "a.txt", tmp_path / "b.txt"
    a.write_text("one\n\n two\none\n")
    b.write_text("three\none\n")
    documents = open_documents(f"text:{a}+text:{b}")
    assert documents.texts == ["one", " two", "three"]
    assert documents.name == "text:a.txt+text:b.txt"
    assert documents.notes == ["a.txt: 1 blank lines skipped", "2 documents that are copies of another were left out"]


def test_sources_make_documents() -> None:
    corpus = open_corpus("pydocs")
    documents = open_documents("pydocs")
    groups = itertools.groupby(range(len(corpus.sequences)), key=lambda i: corpus.sources[i])
    assert documents.texts == ["\n".join(corpus.sequences[i] for i in group) for _, group in groups]
    assert len(documents.texts) == len(set(corpus.sources))


def test_a_kind_without_sources_or_documents(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(
        CORPORA._items,
        "own",
        CorpusKind("own", None, "", lambda _: Corpus("own", ["a", "b"], ["a note"]), lambda _: {}, False),
    )
    assert open_documents("own").texts == ["a", "b"]
    assert open_documents("own").notes == ["a note"]


@pytest.mark.parametrize(
    ("spec", "error"), [("nothing", UnknownName), ("text:", SpecError), ("ptb:/absent", SpecError)]
)
def test_refused_as_for_sequences(spec: str, error: type[Exception]) -> None:
    with pytest.raises(error):
        open_documents(spec)


def test_program_text_is_the_library_as_it_stands() -> None:
    documents = open_documents("pycode")
    assert (standard_library() / "textwrap.py").read_text() in documents.texts
    assert len(documents.texts) > 200
    corpus = open_corpus("pycode")
    assert "textwrap" in corpus.sources
    tops = {name.split(".")[0] for name in corpus.sources}
    assert not tops & {"test", "idlelib", "lib2to3", "encodings", "site-packages"}
    assert not any(set(name.split(".")) & {"test", "tests"} for name in corpus.sources)
    assert list(dict.fromkeys(corpus.sources)) == sorted(set(corpus.sources))


def test_blocks_begin_in_the_first_column() -> None:
    source = "\n\nimport a\n\n\ndef f():\n    x = 1\n\n    return x\n \nclass C: ...\n"
    assert blocks_of(source) == ["import a", "def f():\n    x = 1\n\n    return x", "class C: ..."]
    assert blocks_of(" \n\n") == []


def test_identity_of_program_text_is_the_same_elsewhere() -> None:
    code = "from lmgeo.data.corpora import corpus_identity; print(corpus_identity('pycode'))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == str(corpus_identity("pycode"))
    assert str(standard_library()) not in canonical_json(corpus_identity("pycode"))


def _forget_the_library() -> None:
    pycode_module._modules.cache_clear()
    pycode_module._content.cache_clear()


def test_identity_follows_the_sources(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pycode_module, "standard_library", lambda: tmp_path)
    seen = []
    for name, text in (("ast.py", "a = 1\n"), ("ast.py", "a = 2\n"), ("abc.py", "a = 2\n")):
        (tmp_path / name).write_text(text)
        _forget_the_library()
        seen.append(canonical_json(corpus_identity("pycode")))
    _forget_the_library()
    assert len(set(seen)) == 3


def test_no_sources_at_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pycode_module, "standard_library", lambda: tmp_path)
    pycode_module._modules.cache_clear()
    with pytest.raises(NotEnoughData, match="without its library"):
        open_corpus("pycode")
    with pytest.raises(NotEnoughData, match="without its library"):
        open_documents("pycode")


def test_pycode_says_that_it_holds_the_text_of_pydocs() -> None:
    code = open_documents("pycode")
    assert any("no new text to a model trained on pydocs" in note for note in code.notes)
    line = next(line for line in open_documents("pydocs").texts[-1].splitlines() if len(line) > 60)
    whole = " ".join(" ".join(code.texts).split())
    assert " ".join(line.split())[:40] in whole
