"""The built-in text: what it holds, that it is the same every time, and its cache."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from lmgeo.core.errors import NotEnoughData
from lmgeo.data.corpora import corpus_identity, open_corpus
from lmgeo.data.pydocs import library
from lmgeo.data.pydocs.library import build_library, cache_file, load_library

TOPICS = 'topics = {"zeta": "The last topic has one sentence.", "alpha": "The first topic has one sentence.\\n"}\n'
MODULE = '''"""The module says what it is for.

The module says what it is for.  It then says a little more.
"""

# This comment has two lines and one
# whole sentence that counts here.

raise SystemExit("never run")


def f():
    r"""The function has a docstring \\d as well.  Its second sentence is here too."""
    # One line alone is no prose, as a rule.
'''


@pytest.fixture
def stdlib(tmp_path: Path) -> Path:
    for name, text in {
        "pydoc_data/topics.py": TOPICS,
        "json/__init__.py": MODULE,
        "ast.py": '"""Another module with one more sentence."""\n',
        "bdb.py": "syntax error here\n",
        "notstdlib.py": '"""This module is not of the standard library."""\n',
        "json/test/case.py": '"""This module is a test of the library."""\n',
        "site-packages/ast.py": '"""This module is not of the library either."""\n',
    }.items():
        path = tmp_path / "lib" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return tmp_path / "lib"


def test_documents_in_order_each_sentence_once(stdlib: Path) -> None:
    found = [(s.document, s.passage, s.position, s.text) for s in build_library(stdlib).sentences]
    assert found == [
        ("topic:alpha", 0, 0, "The first topic has one sentence."),
        ("topic:zeta", 0, 0, "The last topic has one sentence."),
        ("module:ast", 0, 0, "Another module with one more sentence."),
        ("module:json", 0, 0, "The module says what it is for."),
        ("module:json", 0, 2, "It then says a little more."),
        ("module:json", 1, 1, "Its second sentence is here too."),
        ("module:json", 2, 0, "This comment has two lines and one whole sentence that counts here."),
    ]


def test_content_follows_text_and_place(stdlib: Path) -> None:
    before = build_library(stdlib).content
    assert build_library(stdlib).content == before
    (stdlib / "ast.py").rename(stdlib / "abc.py")
    assert build_library(stdlib).content != before


def test_no_sources_at_all(tmp_path: Path) -> None:
    with pytest.raises(NotEnoughData, match="without its library's sources"):
        build_library(tmp_path)


def test_this_python_carries_a_corpus() -> None:
    corpus = open_corpus("pydocs")
    assert len(corpus.sources) == len(corpus.sequences)
    assert {"topic:assert", "module:json.decoder"} <= set(corpus.sources)
    words = sum(len(text.split()) for text in corpus.sequences)
    assert len(corpus.sequences) > 15_000
    assert words > 200_000
    assert len(set(corpus.sequences)) == len(corpus.sequences)
    assert min(len(text.split()) for text in corpus.sequences) >= 5
    assert not any("\n" in text or ">>>" in text for text in corpus.sequences)
    assert any(text.startswith("The import statement") or "import statement" in text for text in corpus.sequences)


@pytest.fixture
def cache(tmp_path: Path, stdlib: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("LMGEO_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(library, "standard_library", lambda: stdlib)
    load_library.cache_clear()
    yield tmp_path / "cache"
    load_library.cache_clear()


def again() -> library.Library:
    load_library.cache_clear()
    return load_library()


def test_the_cache_is_used(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    built = load_library()
    assert list(cache.iterdir()) == [cache_file()]
    monkeypatch.setattr(library, "build_library", None)  # building again would fail
    assert again() == built


@pytest.mark.parametrize("content", [b"", b"\xff", b"[]", b'{"builder": 0}', b'{"builder": 1, "sentences": [[1]]}'])
def test_a_damaged_cache_is_built_anew(cache: Path, content: bytes) -> None:
    built = load_library()
    cache_file().write_bytes(content)
    assert again() == built
    assert cache_file().read_bytes() != content


def test_a_cache_that_cannot_be_written_is_done_without(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (cache.parent / "file").write_text("in the way")
    monkeypatch.setenv("LMGEO_CACHE", str(cache.parent / "file" / "below"))
    assert len(load_library().sentences) == 7


def test_the_cache_folder_follows_the_users_settings(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("LMGEO_CACHE", raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert cache_file().parent == tmp_path / "lmgeo"
    monkeypatch.delenv("XDG_CACHE_HOME")
    monkeypatch.setenv("HOME", str(tmp_path))
    assert cache_file().parent == tmp_path / ".cache" / "lmgeo"


def test_loading_is_fast_once_cached() -> None:
    load_library()
    load_library.cache_clear()
    start = time.process_time()
    corpus_identity("pydocs")
    # generous: it takes some 50 ms; a rebuild takes seconds
    assert time.process_time() - start < 1.0 or not os.access(cache_file().parent, os.W_OK)
